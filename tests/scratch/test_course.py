"""The classic exercise: worked figures, and gradients that equal autograd's."""

import numpy as np
import pytest
import torch

from rnnlab.scratch import course

X = [[[1, 2, 3], [0, 1, 1]], [[1, 1, 0], [2, 0, 1]], [[1, 2, 0], [-1, 1, 0]]]
LABELLED = list(zip(X, [1, 0, 1], strict=True))
TAGGED = list(zip(X, [(2, 1), (2, 3), (1, 1)], strict=True))
W, U, v = [[-1, 1, 0, 0], [-1, 0, 1, 0]], [[0, 1], [-1, 1]], [1, 1, -1]
V = [[1, 1, -1], [np.log(2), 0, 0], [0, 1, 0]]


def random_sample(steps, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(4, 3), (4, 4), (5,), (3, 5)]
    return list(rng.standard_normal((steps, 2))), *(rng.standard_normal(shape) for shape in shapes)


def torch_states(values_list, W, U, prev_hidden=None):
    h = (
        torch.zeros(len(U)).double()
        if prev_hidden is None
        else torch.tensor(prev_hidden, dtype=torch.float64)
    )
    for x in values_list:
        h = torch.tanh(U @ h + W[:, 1:] @ torch.tensor(x) + W[:, 0])
        yield h


def test_classifier_epoch_has_the_worked_losses():
    assert course.recurrent_classifier_loss(LABELLED, W, U, v) == pytest.approx(1.17107, abs=5e-6)
    trained = course.train_epoch_classifier(LABELLED, W, U, v, 0.1)
    assert course.recurrent_classifier_loss(LABELLED, *trained) == pytest.approx(0.75581, abs=5e-6)


@pytest.mark.parametrize(("convention", "after"), [("course", 1.03206), ("plain", 1.03153)])
def test_tagger_epoch_has_the_worked_losses(convention, after):
    assert course.recurrent_tagger_loss(TAGGED, W, U, V) == pytest.approx(1.23273, abs=5e-6)
    trained = course.train_epoch_tagger(TAGGED, W, U, V, 0.1, convention=convention)
    assert course.recurrent_tagger_loss(TAGGED, *trained) == pytest.approx(after, abs=6e-6)


def test_training_leaves_the_given_weights_alone():
    weights = [np.array(w, dtype=float) for w in (W, U, v)]
    course.train_epoch_classifier(LABELLED, *weights, 0.1)
    for weight, original in zip(weights, (W, U, v), strict=True):
        np.testing.assert_array_equal(weight, original)


def test_first_sample_by_hand():
    """h_1 = relu(W [1, x_1]) = (0, 1); h_2 = relu(U h_1 + W [1, x_2]) = relu((1, 1) + (-1, 0)) = (0, 1)."""
    hidden_list = course.get_hidden_sequence(X[0], W, U)
    np.testing.assert_array_equal(hidden_list, [[0, 1], [0, 1]])
    linear = course.recurrent_linear(X[0][1], W, hidden_list[0], U)
    np.testing.assert_array_equal(linear, [0, 1])
    again, predicted = course.recurrent_classifier_forward(X[0], W, U, v)
    assert predicted == 0.5  # v [1, 0, 1] = 0
    np.testing.assert_array_equal(again, hidden_list)


@pytest.mark.parametrize("initial", [None, [0.5, -0.25, 1.0, 0.1]])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_classifier_gradients_match_autograd(steps, initial):
    values_list, *weights = random_sample(steps)
    W, U, v, _ = weights
    t = [torch.tensor(w, requires_grad=True) for w in (W, U, v)]
    *_, h = torch_states(values_list, t[0], t[1], initial)
    probability = torch.sigmoid(t[2][1:] @ h + t[2][0])
    (-torch.log(1 - probability)).backward()
    hidden_list, predicted = course.recurrent_classifier_forward(
        values_list, W, U, v, prev_hidden=initial, activation_function=course.tanh
    )
    assert predicted == pytest.approx(probability.item(), abs=1e-14)
    found = course.recurrent_classifier_backward(
        predicted,
        0,
        v,
        U,
        values_list,
        hidden_list,
        activation_derivative=course.tanh_derivative,
        prev_hidden=initial,
    )
    for name, gradient, reference in zip("WUv", found, t, strict=True):
        if name == "U" and steps == 1 and initial is None:
            assert gradient is None
        else:
            assert reference.grad.norm() > 0
            np.testing.assert_allclose(gradient, reference.grad.numpy(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_plain_tagger_gradients_match_autograd_and_the_course_differs_in_u_alone(steps):
    values_list, *weights = random_sample(steps, seed=1)
    W, U, _, V = weights
    actuals_list = [1 + t % 3 for t in range(steps)]
    t = [torch.tensor(w, requires_grad=True) for w in (W, U, V)]
    logits = torch.stack([t[2][:, 1:] @ h + t[2][:, 0] for h in torch_states(values_list, t[0], t[1])])
    torch.nn.functional.cross_entropy(logits, torch.tensor(actuals_list) - 1).backward()
    hidden_list, outputs_list = course.recurrent_tagger_forward(
        values_list, W, U, V, activation_function=course.tanh
    )
    np.testing.assert_allclose(outputs_list, logits.softmax(1).detach().numpy(), rtol=0, atol=1e-14)
    args = (outputs_list, actuals_list, V, U, values_list, hidden_list, course.tanh_derivative)
    plain = course.recurrent_tagger_backward(*args, convention="plain")
    as_course = course.recurrent_tagger_backward(*args)
    for k in (0, 2):
        assert t[k].grad.norm() > 0
        np.testing.assert_allclose(plain[k], t[k].grad.numpy(), rtol=0, atol=1e-13)
        np.testing.assert_array_equal(as_course[k], plain[k])
    if steps == 1:
        assert plain[1] is None and as_course[1] is None
    else:
        np.testing.assert_allclose(plain[1], t[1].grad.numpy(), rtol=0, atol=1e-13)
        np.testing.assert_allclose(as_course[1] * (steps - 1), plain[1] * steps, rtol=0, atol=1e-13)


def test_each_target_sends_its_own_error_back():
    values_list, W, U, _, V = random_sample(3, seed=2)
    actuals = [1, 3, 2]
    hidden, outputs = course.recurrent_tagger_forward(values_list, W, U, V)
    of_w, of_u, of_v = course.get_intermediate_weights_gradients(outputs, actuals, V, U, values_list, hidden)
    assert [len(of_w), len(of_u), len(of_v)] == [3, 3, 3]
    for t in range(3):
        alone = course.get_intermediate_weights_gradients(
            outputs[t], actuals[t], V, U, values_list[: t + 1], hidden[: t + 1]
        )
        np.testing.assert_array_equal(alone[0], of_w[t])
        np.testing.assert_array_equal(alone[2], of_v[t])
        assert alone[1] is of_u[t] is None if t == 0 else (alone[1] == of_u[t]).all()


def test_one_hot_and_numbered_classes_mean_the_same():
    one_hot = [(x, [np.eye(3)[c - 1] for c in classes]) for x, classes in TAGGED]
    assert course.recurrent_tagger_loss(one_hot, W, U, V) == course.recurrent_tagger_loss(TAGGED, W, U, V)
    for a, b in zip(
        course.train_epoch_tagger(one_hot, W, U, V, 0.1),
        course.train_epoch_tagger(TAGGED, W, U, V, 0.1),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_saturated_wrong_answers_cost_minus_log_eps():
    saturated = [([[1.0]], 0)]
    weights = ([[0, 1]], [[0]], [0, 1000])
    assert course.recurrent_classifier_loss(saturated, *weights) == pytest.approx(18.4207, abs=5e-5)
    assert course.recurrent_classifier_loss(saturated, *weights, eps=1e-4) == pytest.approx(-np.log(1e-4))
    right_class_impossible = ([[1.0]], [2], [[0, 1]], [[0]], [[0, 1000], [0, 0]])
    assert course.tagged_sample_loss(*right_class_impossible) == pytest.approx(18.4207, abs=5e-5)


@pytest.mark.unchecked_types
def test_training_uses_the_named_activation():
    relu = course.train_epoch_classifier(LABELLED, W, U, v, 0.1)
    tanh = course.train_epoch_classifier(LABELLED, W, U, v, 0.1, activation_name="tanh")
    assert not np.allclose(relu[0], tanh[0])
    with pytest.raises(ValueError, match=r"activation 'tang' is not one of .*did you mean 'tanh'"):
        course.train_epoch_classifier(LABELLED, W, U, v, 0.1, activation_name="tang")


@pytest.mark.unchecked_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: course.get_hidden_sequence([], W, U), "values_list is empty"),
        (
            lambda: course.get_hidden(None, U, [1, 2], W),
            r"input_weights has shape \(2, 4\), expected \(2, 3\)",
        ),
        (
            lambda: course.get_hidden(None, U, [1, np.nan, 2], W),
            r"input_values holds NaN, first at index \(1,\)",
        ),
        (
            lambda: course.get_hidden([1, 2, 3], U, [1, 2, 3], W),
            r"prev_hidden has shape \(3,\), expected \(2,\)",
        ),
        (
            lambda: course.recurrent_classifier_loss([(X[0], 2)], W, U, v),
            "actual is 2, expected the label 0 or 1",
        ),
        (lambda: course.recurrent_tagger_loss([(X[0], (0, 1))], W, U, V), "actual holds 0 .*expected 1 to 3"),
        (lambda: course.recurrent_tagger_loss([(X[0], (4, 1))], W, U, V), "actual holds 4 .*expected 1 to 3"),
        (
            lambda: course.recurrent_tagger_loss([(X[0], (1,))], W, U, V),
            "actuals_list has 1 steps, expected 2",
        ),
        (lambda: course.recurrent_classifier_forward(X[0], W, U, [1, 1]), r"output_weights has shape \(2,\)"),
        (lambda: course.recurrent_classifier_loss([], W, U, v), "samples is empty"),
        (
            lambda: course.recurrent_tagger_backward(
                [[1, 0, 0]], [1], V, U, X[0][:1], [[0, 1]], convention="x"
            ),
            "convention 'x' is neither",
        ),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
