"""torch's optimizers without the machinery of torch.compile, whose import takes as long as that of torch."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import torch

# Methods that torch keeps its tracer out of, for which it imports the tracer when they are first called.
UNTRACED = ("add_param_group", "state_dict", "load_state_dict", "zero_grad")


@cache
def untraced(cls: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """Returns the optimizer's class, which never imports `torch._dynamo` if it is one of torch's own.

    torch decorates some methods of its optimizers for the sake of torch.compile, which rnnlab does not trace
    optimizers with. What is decorated is called directly, so the arithmetic is torch's. A class of
    someone else's may be decorated for reasons of its own, and stays as it is.
    """
    if not cls.__module__.startswith("torch.optim."):
        return cls
    step: Callable[..., Any] = inspect.unwrap(cls.step)

    def untraced_step(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
        with torch.set_grad_enabled(self.defaults.get("differentiable", False)):
            return step(self, *args, **kwargs)

    methods = {name: inspect.unwrap(getattr(cls, name)) for name in UNTRACED}
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return type(cls.__name__, (cls,), {**names, **methods, "step": untraced_step})
