"""Activity 1: a recurrent net and a bag of embeddings on the same reviews."""

from rnnlab.course.activity1 import learning, order, padding
from rnnlab.course.question import Questions

QUESTIONS = Questions(
    "1.1 An RNN and a bag of embeddings",
    [*padding.QUESTIONS.all, *learning.QUESTIONS.all, *order.QUESTIONS.all],
)
