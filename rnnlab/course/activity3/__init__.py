"""Activity 3: a bigger state, Adam, both directions, an LSTM."""

from rnnlab.course.activity3 import both_directions, lstm, state_and_adam
from rnnlab.course.question import Questions

QUESTIONS = Questions(
    "1.3 A bigger state, Adam, both directions, an LSTM",
    [*state_and_adam.QUESTIONS.all, *both_directions.QUESTIONS.all, *lstm.QUESTIONS.all],
)
