"""Activity 2: vectors that learn, and a token that gives the class away, at three positions."""

from rnnlab.course.activity2 import end, fine_tuning, middle, start
from rnnlab.course.question import Questions

QUESTIONS = Questions(
    "1.2 Vectors that learn, and a token that gives the class away",
    [question for part in (fine_tuning, start, end, middle) for question in part.QUESTIONS.all],
)
