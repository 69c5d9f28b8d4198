"""The functions of `rnnlab.cells` for the compiler: without branches, so that they are computed for many
units at once, and accurate to a few units in the last place.

Methods and coefficients are those of Moshier's Cephes library (expf, exp, tanh) and, for tanh in single
precision, of the rational approximation used by Eigen.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from rnnlab.kernels.jit import compiled


def _as_float(of: Any, to: Any, llvm: Any) -> Any:
    @intrinsic
    def bits_as_float(context: Any, bits: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], llvm)

        return to(of), generate

    return bits_as_float


def _one_of_two(sign: str) -> Any:
    @intrinsic
    def chosen(context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            a, b = arguments
            return builder.select(builder.fcmp_ordered(sign, a, b), a, b)

        return types.float32(types.float32, types.float32), generate

    return chosen


# The second where either is NaN. Each is one instruction, which two conditions one after the other are not.
_smaller32, _larger32 = _one_of_two("<"), _one_of_two(">")
_float_of_bits32 = _as_float(types.int32, types.float32, ir.FloatType())
_float_of_bits64 = _as_float(types.int64, types.float64, ir.DoubleType())
_F, _I = np.float32, np.int32
_J = np.int64

_LOG2E32, _HALF32, _ONE32, _TWO32, _ZERO32 = _F(math.log2(math.e)), _F(0.5), _F(1), _F(2), _F(0)
_HIGH32, _LOW32 = _F(0.693359375), _F(-2.12194440e-4)  # ln 2 in two parts, the first of few digits
_LARGEST32, _SMALLEST32, _INFINITE32 = _F(88.72283), _F(-87.33654), _F(np.inf)
_A32 = tuple(map(_F, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
                      5.0000001201e-1)))  # fmt: skip
_A0, _A1, _A2, _A3, _A4, _A5 = _A32
_BEYOND32 = _F(88.5)  # the power of two that is nearest to its exponential is infinite


@compiled
def exp32(x: Any) -> Any:
    """Returns e to the power of x; 0 where that is too small for a normal number."""
    y = x if x < _LARGEST32 else _LARGEST32
    y = y if y > _SMALLEST32 else _SMALLEST32
    n = np.floor(y * _LOG2E32 + _HALF32)
    r = y - n * _HIGH32
    r = r - n * _LOW32
    p = ((((_A0 * r + _A1) * r + _A2) * r + _A3) * r + _A4) * r + _A5
    whole = _I(n)
    half = whole >> _I(1)
    result = (p * (r * r) + r + _ONE32) * _float_of_bits32(_I((half + _I(127)) << _I(23)))
    result = result * _float_of_bits32(_I((whole - half + _I(127)) << _I(23)))
    result = result if x > _SMALLEST32 else _ZERO32
    result = _INFINITE32 if x > _LARGEST32 else result
    return result if x == x else x


_CLAMP32 = _F(7.90531110763549805)
_T1, _T3, _T5, _T7, _T9, _T11, _T13 = map(_F, (
    4.89352455891786e-03, 6.37261928875436e-04, 1.48572235717979e-05, 5.12229709037114e-08,
    -8.60467152213735e-11, 2.00018790482477e-13, -2.76076847742355e-16))  # fmt: skip
_S0, _S2, _S4, _S6 = map(_F, (
    4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06))  # fmt: skip


@compiled
def tanh32(x: Any) -> Any:
    """Returns the hyperbolic tangent."""
    y = _larger32(-_CLAMP32, _smaller32(_CLAMP32, x))
    z = y * y
    w = z * z
    p = (((_T13 * w + (_T11 * z + _T9)) * w + (_T7 * z + _T5)) * w + (_T3 * z + _T1)) * y
    q = (_S6 * z + _S4) * w + (_S2 * z + _S0)
    return _larger32(-_ONE32, _smaller32(_ONE32, p / q))


@compiled
def sigmoid32(x: Any) -> Any:
    """Returns 1 / (1 + exp(-x)); 0 where that is too small for a normal number."""
    y = _larger32(_SMALLEST32, _smaller32(_BEYOND32, -x))
    n = np.floor(y * _LOG2E32 + _HALF32)
    r = y - n * _HIGH32
    r = r - n * _LOW32
    s = r * r
    p = ((_A0 * r + _A1) * s + (_A2 * r + _A3)) * s + (_A4 * r + _A5)
    e = (p * s + r + _ONE32) * _float_of_bits32(_I((_I(n) + _I(127)) << _I(23)))
    return _ONE32 / (_ONE32 + e)


_LOG2E64, _HALF64 = math.log2(math.e), 0.5
_HIGH64, _LOW64 = 6.93145751953125e-1, 1.42860682030941723212e-6
_LARGEST64, _SMALLEST64 = 709.78271289338, -708.39641853226


@compiled
def exp64(x: Any) -> Any:
    """Returns e to the power of x; 0 where that is too small for a normal number."""
    y = x if x < _LARGEST64 else _LARGEST64
    y = y if y > _SMALLEST64 else _SMALLEST64
    n = np.floor(y * _LOG2E64 + _HALF64)
    r = y - n * _HIGH64
    r = r - n * _LOW64
    z = r * r
    p = r * ((1.26177193074810590878e-4 * z + 3.02994407707441961300e-2) * z + 9.99999999999999999910e-1)
    q = (
        (3.00198505138664455042e-6 * z + 2.52448340349684104192e-3) * z + 2.27265548208155028766e-1
    ) * z + 2.0
    whole = _J(n)
    half = whole >> _J(1)
    result = (1.0 + 2.0 * (p / (q - p))) * _float_of_bits64(_J((half + _J(1023)) << _J(52)))
    result = result * _float_of_bits64(_J((whole - half + _J(1023)) << _J(52)))
    result = result if x > _SMALLEST64 else 0.0
    result = np.inf if x > _LARGEST64 else result
    return result if x == x else x


@compiled
def tanh64(x: Any) -> Any:
    """Returns the hyperbolic tangent: a rational function near 0, else from exp(2|x|)."""
    z = x * x
    p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3
    q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3
    near = x + x * (z * (p / q))
    size = 1.0 - 2.0 / (exp64(2.0 * abs(x)) + 1.0)
    far = size if x > 0.0 else -size
    return near if abs(x) < 0.625 else far


@compiled
def sigmoid64(x: Any) -> Any:
    """Returns 1 / (1 + exp(-x)), from exp(-|x|), which cannot overflow."""
    e = exp64(-abs(x))
    top = 1.0 if x >= 0.0 else e
    return top / (1.0 + e)


@compiled
def log_sigmoid32(x: Any) -> Any:
    """Returns ln sigmoid(x), finite where the sigmoid itself has become 0."""
    low = x if x < _ZERO32 else _ZERO32
    return low - _F(math.log1p(exp32(-abs(x))))


@compiled
def log_sigmoid64(x: Any) -> Any:
    """Returns ln sigmoid(x), finite where the sigmoid itself has become 0."""
    low = x if x < 0.0 else 0.0
    return low - math.log1p(exp64(-abs(x)))
