"""The engine in the notation of the classic exercise: one sample at a time, as lists of vectors.

Input weights W (H, 1 + F) have the bias as first column, recurrent weights U (H, H) have none, output
weights are v (1 + H,) for the classifier and V (C, 1 + H) for the tagger, bias first. A sample is
(values_list, actual) with a label 0 or 1, or (values_list, actuals_list) with a class for every step, as a
number from 1 to C or as a one-hot vector. Numbers may be integers; all results are float64.

A one-step sequence involves no recurrent weights: their gradient is None. Everything here is the
arithmetic of `RNNCell`, the heads and the losses under other names. What the exercise has no word for, an
initial state (`prev_hidden`) and the plain `convention` of averaging, is asked for by keyword.
"""

from rnnlab.scratch.course.activations import (
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    tanh,
    tanh_derivative,
)
from rnnlab.scratch.course.classifier import (
    recurrent_classifier_backward,
    recurrent_classifier_forward,
    recurrent_classifier_loss,
    train_epoch_classifier,
)
from rnnlab.scratch.course.tagger import (
    get_intermediate_weights_gradients,
    get_output_sequence,
    recurrent_tagger_backward,
    recurrent_tagger_forward,
    recurrent_tagger_loss,
    tagged_sample_loss,
    train_epoch_tagger,
)
from rnnlab.scratch.course.through_time import (
    get_hidden,
    get_hidden_sequence,
    get_overall_weights_gradients,
    get_prev_delta,
    get_weights_gradients,
    recurrent_linear,
)
from rnnlab.scratch.course.units import (
    calculate_weights_gradient,
    crossent_loss_gradient,
    insert_bias,
    linear,
    logistic_layer,
    send_delta_back,
    softmax_layer,
)

__all__ = [
    "calculate_weights_gradient",
    "crossent_loss_gradient",
    "get_hidden",
    "get_hidden_sequence",
    "get_intermediate_weights_gradients",
    "get_output_sequence",
    "get_overall_weights_gradients",
    "get_prev_delta",
    "get_weights_gradients",
    "insert_bias",
    "linear",
    "logistic_layer",
    "recurrent_classifier_backward",
    "recurrent_classifier_forward",
    "recurrent_classifier_loss",
    "recurrent_linear",
    "recurrent_tagger_backward",
    "recurrent_tagger_forward",
    "recurrent_tagger_loss",
    "relu",
    "relu_derivative",
    "send_delta_back",
    "sigmoid",
    "sigmoid_derivative",
    "softmax_layer",
    "tagged_sample_loss",
    "tanh",
    "tanh_derivative",
    "train_epoch_classifier",
    "train_epoch_tagger",
]
