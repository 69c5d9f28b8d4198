"""The exercise's contract: every function by position and by keyword, against autograd."""

import math

import numpy as np
import pytest
import torch

from rnnlab.scratch import course
from tests.scratch.signatures import by_position_and_by_keyword as call
from tests.scratch.signatures import check_signature, close

WEIGHTS = "input_weights, recurrent_weights, output_weights"
BACK = "output_weights, recurrent_weights, values_list, hidden_list, activation_derivative=relu_derivative"
LOSS = f"{WEIGHTS}, activation_function=relu, eps=1e-08"
CONTRACT = {
    "insert_bias": "values",
    "linear": "weights, values",
    "logistic_layer": "values, weights",
    "softmax_layer": "values, weights",
    "crossent_loss_gradient": "predicted, actual",
    "calculate_weights_gradient": "delta, values, insert_bias_term=True",
    "send_delta_back": "delta, weights, remove_bias_term=True",
    "recurrent_linear": "current_values, input_weights, prev_hidden=None, recurrent_weights=None",
    "get_hidden": "prev_hidden, recurrent_weights, input_values, input_weights, activation_function=relu",
    "get_hidden_sequence": "values_list, input_weights, recurrent_weights, activation_function=relu",
    "recurrent_classifier_forward": f"values_list, {WEIGHTS}, activation_function=relu",
    "get_weights_gradients": "delta, current_input, prev_hidden",
    "get_prev_delta": "delta, recurrent_weights, prev_hidden, activation_derivative=relu_derivative",
    "get_overall_weights_gradients": "delta, recurrent_weights, values_list, prev_hidden_list, "
    "activation_derivative=relu_derivative",
    "recurrent_classifier_backward": f"predicted, actual, {BACK}",
    "train_epoch_classifier": f"train_samples, {WEIGHTS}, learning_rate, activation_name='relu'",
    "recurrent_classifier_loss": f"samples, {LOSS}",
    "get_output_sequence": "hidden_list, weights",
    "recurrent_tagger_forward": f"values_list, {WEIGHTS}, activation_function=relu",
    "get_intermediate_weights_gradients": f"outputs_list, actuals_list, {BACK}",
    "recurrent_tagger_backward": f"outputs_list, actuals_list, {BACK}",
    "train_epoch_tagger": f"train_samples, {WEIGHTS}, learning_rate, activation_name='relu'",
    "tagged_sample_loss": f"values_list, actuals_list, {LOSS}",
    "recurrent_tagger_loss": f"samples, {LOSS}",
}
FUNCTIONS = {
    "relu": (course.relu, course.relu_derivative, torch.relu),
    "tanh": (course.tanh, course.tanh_derivative, torch.tanh),
    "sigmoid": (course.sigmoid, course.sigmoid_derivative, torch.sigmoid),
}
X = [[[1, 2, 3], [0, 1, 1]], [[1, 1, 0], [2, 0, 1]], [[1, 2, 0], [-1, 1, 0]]]
LABELLED = list(zip(X, [1, 0, 1], strict=True))
TAGGED = list(zip(X, [(2, 1), (2, 3), (1, 1)], strict=True))
W, U, v = [[-1, 1, 0, 0], [-1, 0, 1, 0]], [[0, 1], [-1, 1]], [1, 1, -1]
V = [[1, 1, -1], [math.log(2), 0, 0], [0, 1, 0]]


class Net:
    """Inputs, weights, and the same as torch's tensors with what they give, by the sums of the exercise."""

    def __init__(self, steps, activation="tanh", seed=0, labels=False):
        rng = np.random.default_rng(seed)
        self.function, self.derivative, f = FUNCTIONS[activation]
        self.x = list(rng.standard_normal((steps, 2)))
        shapes = [(3, 3), (3, 3), (4,), (4, 4)]
        self.W, self.U, self.v, self.V = (rng.standard_normal(shape) / 2 for shape in shapes)
        if activation == "relu":
            self.W[:, 0] += 1  # so that units are on
        self.t = [torch.tensor(w, requires_grad=True) for w in (self.W, self.U, self.v, self.V)]
        W, U, v, V = self.t
        h, self.h = torch.zeros(3, dtype=torch.float64), []
        for x in self.x:
            h = f(W[:, 1:] @ torch.tensor(x) + W[:, 0] + U @ h)
            self.h.append(h)
        self.p = torch.sigmoid(v[1:] @ h + v[0])
        self.many = torch.sigmoid(V[:, 1:] @ h + V[:, 0])
        self.softmax = [torch.softmax(V[:, 1:] @ h + V[:, 0], 0) for h in self.h]
        self.classes = [1 + (2 * k + 1) % 4 for k in range(steps)]

    def gradients(self, loss, *which):
        of = torch.autograd.grad(
            loss, [self.t["WUvV".index(name)] for name in which], allow_unused=True, retain_graph=True
        )
        return [None if gradient is None or not gradient.any() else gradient for gradient in of]

    def losses(self):
        return [-torch.log(p[c - 1]) for p, c in zip(self.softmax, self.classes, strict=True)]

    @property
    def hidden(self):
        return [h.detach().numpy() for h in self.h]


@pytest.mark.parametrize("name", CONTRACT)
def test_names_order_and_defaults_are_the_contracts(name):
    check_signature(getattr(course, name), CONTRACT[name])


def test_units_by_hand():
    same_bias = call(course.insert_bias, [2, 3])
    np.testing.assert_array_equal(same_bias, [1, 2, 3])
    np.testing.assert_array_equal(call(course.linear, [[1, 2, 3], [0, -1, 1]], [1, 2, 3]), [14, 1])
    assert call(course.linear, [1, 2, 3], [1, 2, 3]) == 14
    one, several = (
        call(course.logistic_layer, [2, 3], [1, 1, -1]),
        course.logistic_layer([2, 3], [[1, 1, -1], [0, 1, 1]]),
    )
    assert isinstance(one, float) and one == 0.5
    np.testing.assert_allclose(several, [0.5, 1 / (1 + math.exp(-5))], rtol=0, atol=1e-15)
    found = call(course.softmax_layer, [2, 3], [[1, 1, -1], [0, 1, 1], [1, 0, 0]])
    weights = np.exp([0, 5, 1])
    np.testing.assert_allclose(found, weights / weights.sum(), rtol=0, atol=1e-15)


def test_error_at_the_output_and_what_it_gives_back():
    assert call(course.crossent_loss_gradient, 0.75, 1) == -0.25
    assert isinstance(course.crossent_loss_gradient(0.75, 0), float)
    np.testing.assert_allclose(call(course.crossent_loss_gradient, [0.5, 0.25, 0.25], 2), [0.5, -0.75, 0.25])
    np.testing.assert_allclose(course.crossent_loss_gradient([0.5, 0.25], [1, 1]), [-0.5, -0.75])
    np.testing.assert_allclose(course.crossent_loss_gradient([0.75], 0), [0.75])
    np.testing.assert_array_equal(
        call(course.calculate_weights_gradient, [2, -1], [3, 4]), [[2, 6, 8], [-1, -3, -4]]
    )
    np.testing.assert_array_equal(
        call(course.calculate_weights_gradient, [2, -1], [3, 4], False), [[6, 8], [-3, -4]]
    )
    np.testing.assert_array_equal(course.calculate_weights_gradient(2, [3, 4]), [2, 6, 8])
    weights = [[9, 1, 2], [9, 3, 4]]
    np.testing.assert_array_equal(call(course.send_delta_back, [2, -1], weights), [-1, 0])
    np.testing.assert_array_equal(call(course.send_delta_back, [2, -1], weights, False), [9, -1, 0])
    np.testing.assert_array_equal(course.send_delta_back(2, [9, 1, 2]), [2, 4])


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("values", [[-2, 1, 3], np.array([-2, 1, 3]), np.array([-0.5, 0.25, 4.0]), 1])
def test_activations_and_their_slopes_at_the_output(name, values):
    function, derivative, reference = FUNCTIONS[name]
    t = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    output = reference(t)
    output.sum().backward()
    close(function(values), output)
    close(derivative(function(values)), t.grad)


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("steps", [1, 3])
def test_states_and_outputs(steps, activation):
    net = Net(steps, activation)
    f, h = net.function, net.hidden
    found = call(course.get_hidden_sequence, net.x, net.W, net.U, f)
    assert isinstance(found, list)
    close(found, h)
    close(call(course.get_hidden, None, net.U, net.x[0], net.W, f), h[0])
    first = net.W @ [1, *net.x[0]]
    close(call(course.recurrent_linear, net.x[0], net.W), first)
    if steps > 1:
        close(call(course.get_hidden, h[0], net.U, net.x[1], net.W, f), h[1])
        z = net.W @ [1, *net.x[1]] + net.U @ h[0]
        close(call(course.recurrent_linear, net.x[1], net.W, h[0], net.U), z)
    hidden_list, probability = call(course.recurrent_classifier_forward, net.x, net.W, net.U, net.v, f)
    assert isinstance(hidden_list, list) and isinstance(probability, float)
    close(hidden_list, h)
    close(probability, net.p)
    close(course.recurrent_classifier_forward(net.x, net.W, net.U, net.V, f)[1], net.many)
    hidden_list, outputs = call(course.recurrent_tagger_forward, net.x, net.W, net.U, net.V, f)
    assert isinstance(hidden_list, list) and isinstance(outputs, list)
    close(hidden_list, h)
    close(outputs, torch.stack(net.softmax))
    close(call(course.get_output_sequence, h, net.V), torch.stack(net.softmax))


def test_relu_is_the_default_everywhere():
    net = Net(3, "relu", seed=4)
    hidden_list, p = course.recurrent_classifier_forward(net.x, net.W, net.U, net.v)
    close(hidden_list, net.hidden)
    found = course.recurrent_classifier_backward(p, 0, net.v, net.U, net.x, hidden_list)
    for gradient, expected in zip(found, net.gradients(-torch.log(1 - net.p), *"WUv"), strict=True):
        close(gradient, expected)


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("steps", [1, 3])
def test_classifier_gradients(steps, activation):
    net = Net(steps, activation, seed=1)
    f_prime, h, p = net.derivative, net.hidden, net.p.item()
    found = call(course.recurrent_classifier_backward, p, 1, net.v, net.U, net.x, h, f_prime)
    expected = net.gradients(-torch.log(net.p), *"WUv")
    assert (expected[1] is None) == (steps == 1)
    for gradient, reference in zip(found, expected, strict=True):
        close(gradient, reference)
    delta = (p - 1) * net.v[1:] * f_prime(h[-1])
    of_w, of_u = call(course.get_overall_weights_gradients, delta, net.U, net.x, h[:-1], f_prime)
    close(of_w, expected[0])
    close(of_u, expected[1])
    targets = np.array([1, 0, 0, 1])
    loss = torch.nn.functional.binary_cross_entropy(net.many, torch.tensor(targets).double(), reduction="sum")
    found = call(
        course.recurrent_classifier_backward,
        net.many.detach().numpy(),
        targets,
        net.V,
        net.U,
        net.x,
        h,
        f_prime,
    )
    for gradient, reference in zip(found, net.gradients(loss, *"WUV"), strict=True):
        close(gradient, reference)


def test_one_step_back():
    net, delta = Net(2, seed=2), np.array([0.5, -1.0, 2.0])
    of_w, of_u = call(course.get_weights_gradients, delta, net.x[1], net.hidden[0])
    close(of_w, [[d, d * net.x[1][0], d * net.x[1][1]] for d in delta])
    close(of_u, [[d * h for h in net.hidden[0]] for d in delta])
    assert course.get_weights_gradients(delta, net.x[0], None)[1] is None
    expected = [sum(net.U[j, k] * delta[j] for j in range(3)) for k in range(3)]
    found = call(course.get_prev_delta, delta, net.U, net.hidden[0], course.tanh_derivative)
    close(found, expected * (1 - net.hidden[0] ** 2))
    close(course.get_prev_delta(delta, net.U, [1, 0, 2]), expected * np.array([1, 0, 1]))


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("steps", [1, 3])
def test_tagger_gradients(steps, activation):
    net = Net(steps, activation, seed=3)
    outputs = [p.detach().numpy() for p in net.softmax]
    args = (outputs, net.classes, net.V, net.U, net.x, net.hidden, net.derivative)
    per_target = call(course.get_intermediate_weights_gradients, *args)
    assert [(type(of), len(of)) for of in per_target] == [(list, steps)] * 3
    expected = [net.gradients(loss, *"WUV") for loss in net.losses()]
    for t in range(steps):
        for k in range(3):
            close(per_target[k][t], expected[t][k])
    assert per_target[1][0] is None
    found = call(course.recurrent_tagger_backward, *args)
    of_w, of_u, of_v = net.gradients(sum(net.losses()), *"WUV")
    close(found[0], of_w / steps)
    close(found[1], None if steps == 1 else of_u / (steps - 1))
    close(found[2], of_v / steps)
    one_hot = [list(np.eye(4, dtype=int)[c - 1]) for c in net.classes]
    close(course.recurrent_tagger_backward(outputs, one_hot, *args[2:])[2], of_v / steps)


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_losses(activation):
    nets = [Net(steps, activation, seed=5) for steps in (1, 3)]
    net, f = nets[1], nets[1].function
    weights = (net.W, net.U, net.v, f)
    samples = [(net.x, 1), (net.x, 0)]
    p = net.p.item()
    expected = -(math.log(p) + math.log(1 - p)) / 2
    assert call(course.recurrent_classifier_loss, samples, *weights) == pytest.approx(expected, abs=1e-12)
    weights = (net.W, net.U, net.V, f)
    of_sample = sum(net.losses()).item() / 3
    found = call(course.tagged_sample_loss, net.x, net.classes, *weights)
    assert isinstance(found, float) and found == pytest.approx(of_sample, abs=1e-12)
    shorter = course.tagged_sample_loss(net.x[:1], net.classes[:1], *weights)
    assert shorter == pytest.approx(net.losses()[0].item(), abs=1e-12)
    samples = [(net.x, net.classes), (net.x[:1], net.classes[:1])]
    found = call(course.recurrent_tagger_loss, samples, *weights)
    assert found == pytest.approx((of_sample + shorter) / 2, abs=1e-12)


def test_an_impossible_right_class_costs_minus_the_logarithm_of_eps():
    weights = ([[0, 1]], [[0]], [[0, 1000], [0, 0]])
    assert course.tagged_sample_loss([[1]], [2], *weights) == pytest.approx(18.4207, abs=5e-5)
    found = call(course.tagged_sample_loss, [[1]], [2], *weights, course.relu, 1e-4)
    assert found == pytest.approx(-math.log(1e-4), abs=1e-12)


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_an_epoch_takes_one_step_per_sample_and_leaves_its_arguments_alone(activation):
    net = Net(3, activation, seed=6)
    given = [net.W.copy(), net.U.copy(), net.v.copy()]
    found = call(course.train_epoch_classifier, [(net.x, 1)], *given, 0.5, activation)
    for after, before, original, d in zip(
        found, given, (net.W, net.U, net.v), net.gradients(-torch.log(net.p), *"WUv"), strict=True
    ):
        np.testing.assert_array_equal(before, original)
        close(after, torch.tensor(before) - 0.5 * d)
    of_w, of_u, of_v = net.gradients(sum(net.losses()), *"WUV")
    found = call(course.train_epoch_tagger, [(net.x, net.classes)], net.W, net.U, net.V, 0.5, activation)
    for after, before, d in zip(found, (net.W, net.U, net.V), (of_w / 3, of_u / 2, of_v / 3), strict=True):
        close(after, torch.tensor(before) - 0.5 * d)


def test_worked_epochs():
    trained = call(course.train_epoch_classifier, LABELLED, W, U, v, 0.1)
    assert call(course.recurrent_classifier_loss, LABELLED, W, U, v) == pytest.approx(1.17107, abs=5e-6)
    assert course.recurrent_classifier_loss(LABELLED, *trained) == pytest.approx(0.75581, abs=5e-6)
    trained = call(course.train_epoch_tagger, TAGGED, W, U, V, 0.1)
    assert call(course.recurrent_tagger_loss, TAGGED, W, U, V) == pytest.approx(1.23273, abs=5e-6)
    assert course.recurrent_tagger_loss(TAGGED, *trained) == pytest.approx(1.03206, abs=5e-6)


def test_integers_arrays_and_lists_mean_the_same():
    as_lists = course.recurrent_classifier_forward(X[0], W, U, v)
    as_arrays = course.recurrent_classifier_forward(np.array(X[0]), np.array(W), np.array(U), np.array(v))
    np.testing.assert_array_equal(as_arrays[0], as_lists[0])
    assert as_lists[0][0].dtype == np.float64 and as_arrays[1] == as_lists[1]


def test_an_activation_of_ones_own_sees_a_vector():
    def own(z):
        return [max(0, value) for value in z]

    close(course.get_hidden_sequence(X[0], W, U, own), course.get_hidden_sequence(X[0], W, U))


@pytest.mark.unchecked_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: course.recurrent_linear([1, 2], W), r"input_weights has shape \(2, 4\), expected \(2, 3\)"),
        (lambda: course.recurrent_linear([1, 2, 3], W, [0, 1]), "recurrent_weights is None"),
        (lambda: course.recurrent_linear(["a"], W), "current_values holds <U1, expected numbers"),
        (lambda: course.get_hidden(None, U, [1, np.nan, 2], W), "input_values holds NaN"),
        (lambda: course.linear([[1, 2], [3]], [1]), "weights is ragged"),
        (lambda: course.linear([[1, 2]], [1]), r"weights has shape \(1, 2\), expected \(1, 1\)"),
        (lambda: course.insert_bias([]), "values has shape .* is empty"),
        (lambda: course.softmax_layer([1], [1, 2]), r"weights has shape \(2,\), expected \(rows, columns\)"),
        (lambda: course.crossent_loss_gradient(0.5, 2), "actual is 2, expected the label 0 or 1"),
        (lambda: course.crossent_loss_gradient([0.5, 0.5], 3), "actual holds 3 .*expected 1 to 2"),
        (lambda: course.crossent_loss_gradient([0.5, 0.5], [1]), r"actual has shape \(1,\), expected \(2,\)"),
        (lambda: course.crossent_loss_gradient([0.5, 0.5], [1, 2]), "actual holds 2.0, expected .* 0 to 1"),
        (lambda: course.send_delta_back([1], [[1, 2], [3, 4]]), r"delta has shape \(1,\), expected \(2,\)"),
        (
            lambda: course.recurrent_classifier_backward(0.5, 1, V, U, X[0], [[0, 1], [0, 1]]),
            r"output_weights has shape \(3, 3\), expected \(1, 3\)",
        ),
        (lambda: course.train_epoch_classifier([], W, U, v, 0.1), "train_samples is empty"),
        (lambda: course.train_epoch_tagger(TAGGED, W, U, v, 0.1), "output_weights has shape"),
        (lambda: course.get_output_sequence([], V), "hidden_list is empty"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
