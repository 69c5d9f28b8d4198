"""`--module`, which every command takes that may come upon classes of the user's own."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

Modules = Annotated[
    list[str] | None,
    typer.Option(
        "--module",
        metavar="NAME",
        help="A module of yours whose classes a configuration may name: my_cell for my_cell.py here, or an "
        "installed one. May be given several times.",
    ),
]


def with_modules(command: Callable[..., None]) -> Callable[..., None]:
    """Returns the command with the option `--module`, which is seen to before it begins."""

    @wraps(command)
    def run(*args: Any, module: list[str] | None = None, **options: Any) -> None:
        if module:
            from rnnlab.experiment.modules import use_modules

            use_modules(module)
        return command(*args, **options)

    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter("module", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Modules)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), option])  # type: ignore[attr-defined]
    run.__annotations__ = {**command.__annotations__, "module": Modules}
    return run
