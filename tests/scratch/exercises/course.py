"""What a student may hand in: the functions of the exercise in plain NumPy."""

import numpy as np


def insert_bias(values):
    return np.insert(np.asarray(values, dtype=float), 0, 1)


def linear(weights, values):
    return np.dot(weights, values)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0)


def relu_derivative(output):
    return np.where(output > 0, 1.0, 0.0)


def tanh(z):
    return np.tanh(z)


def tanh_derivative(output):
    return 1 - output**2


def logistic_layer(values, weights):
    return sigmoid(linear(weights, insert_bias(values)))


def softmax_layer(values, weights):
    e = np.exp(linear(weights, insert_bias(values)))
    return e / e.sum()


def recurrent_linear(current_values, input_weights, prev_hidden=None, recurrent_weights=None):
    z = linear(input_weights, insert_bias(current_values))
    if prev_hidden is not None:
        z = z + np.dot(recurrent_weights, prev_hidden)
    return z


def get_hidden(prev_hidden, recurrent_weights, input_values, input_weights, activation_function=relu):
    return activation_function(recurrent_linear(input_values, input_weights, prev_hidden, recurrent_weights))


def get_hidden_sequence(values_list, input_weights, recurrent_weights, activation_function=relu):
    hidden_list, hidden = [], None
    for values in values_list:
        hidden = get_hidden(hidden, recurrent_weights, values, input_weights, activation_function)
        hidden_list.append(hidden)
    return hidden_list


def recurrent_classifier_forward(
    values_list, input_weights, recurrent_weights, output_weights, activation_function=relu
):
    hidden_list = get_hidden_sequence(values_list, input_weights, recurrent_weights, activation_function)
    return hidden_list, logistic_layer(hidden_list[-1], output_weights)


def get_weights_gradients(delta, current_input, prev_hidden):
    of_input = np.outer(delta, insert_bias(current_input))
    return of_input, np.outer(delta, prev_hidden)


def get_prev_delta(delta, recurrent_weights, prev_hidden, activation_derivative=relu_derivative):
    back = np.dot(np.transpose(recurrent_weights), delta)
    return back * activation_derivative(prev_hidden)


def get_overall_weights_gradients(
    delta, recurrent_weights, values_list, prev_hidden_list, activation_derivative=relu_derivative
):
    of_input = np.zeros((len(delta), 1 + len(values_list[0])))
    of_recurrent = np.zeros((len(delta), len(delta)))
    for t in range(len(values_list) - 1, 0, -1):
        step_input, step_recurrent = get_weights_gradients(delta, values_list[t], prev_hidden_list[t - 1])
        of_input += step_input
        of_recurrent += step_recurrent
        delta = get_prev_delta(delta, recurrent_weights, prev_hidden_list[t - 1], activation_derivative)
    of_input += np.outer(delta, insert_bias(values_list[0]))
    return of_input, of_recurrent


def recurrent_classifier_backward(
    predicted,
    actual,
    output_weights,
    recurrent_weights,
    values_list,
    hidden_list,
    activation_derivative=relu_derivative,
):
    error = predicted - actual
    delta = error * np.asarray(output_weights)[1:] * activation_derivative(hidden_list[-1])
    of_input, of_recurrent = get_overall_weights_gradients(
        delta, recurrent_weights, values_list, hidden_list[:-1], activation_derivative
    )
    return of_input, of_recurrent, error * insert_bias(hidden_list[-1])


def recurrent_classifier_loss(
    samples, input_weights, recurrent_weights, output_weights, activation_function=relu, eps=1e-8
):
    total = 0
    for values_list, actual in samples:
        _, p = recurrent_classifier_forward(
            values_list, input_weights, recurrent_weights, output_weights, activation_function
        )
        total -= np.log(max(p if actual == 1 else 1 - p, eps))
    return total / len(samples)


def get_output_sequence(hidden_list, weights):
    return [softmax_layer(hidden, weights) for hidden in hidden_list]


def recurrent_tagger_forward(
    values_list, input_weights, recurrent_weights, output_weights, activation_function=relu
):
    hidden_list = get_hidden_sequence(values_list, input_weights, recurrent_weights, activation_function)
    return hidden_list, get_output_sequence(hidden_list, output_weights)


def tagged_sample_loss(
    values_list,
    actuals_list,
    input_weights,
    recurrent_weights,
    output_weights,
    activation_function=relu,
    eps=1e-8,
):
    _, outputs = recurrent_tagger_forward(
        values_list, input_weights, recurrent_weights, output_weights, activation_function
    )
    return np.mean([-np.log(max(p[c - 1], eps)) for p, c in zip(outputs, actuals_list, strict=True)])
