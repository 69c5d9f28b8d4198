"""Modules that are not rnnlab's own, and whose classes a configuration may name: by the user's word alone.

That word is `--module NAME` (`modules=` from Python), or the installation of a package with an entry point of
the group `rnnlab.plugins`. A configuration or a run folder, which may be a stranger's, cannot give it.
"""

import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType

from rnnlab.core.errors import InputError, did_you_mean, reason
from rnnlab.core.files import fingerprint

PLUGINS = "rnnlab.plugins"
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_named: dict[str, Path] = {}


def use_modules(names: Iterable[str] | Mapping[str, Path]) -> None:
    """Imports modules, and lets configurations name their classes from now on, in this process.

    names: each a file NAME.py or a package of the current folder, or whatever else can be imported; with the
    folder to look in, where that is not the current one. Raises InputError for a name that is none, that
    means two things, or whose module cannot be imported.
    """
    for name in [names] if isinstance(names, str) else names:
        folder = names[name] if isinstance(names, Mapping) else Path.cwd()
        _import(name, folder)
        _named[name] = folder


def used_modules() -> dict[str, Path]:
    """Returns the names that the user has given, and the folder that each was looked for in."""
    return dict(_named)


def module_of(target: str) -> str | None:
    """Returns which module of the user's, or of an installed plugin, a class's dotted name lies in.

    None if in none of them. A plugin is imported by this, if it is the one.
    """
    for name in sorted(_named, key=len, reverse=True):
        if target.startswith(f"{name}."):
            return name
    for name in plugins():
        if target.startswith(f"{name}."):
            _import(name, None)
            return name
    return None


def plugins() -> list[str]:
    """Returns the modules that installed packages offer as plugins, without importing any.

    What lies in the current folder is not installed, though `python -m` searches it like a folder of
    packages.
    """
    found = (
        point.module
        for distribution in distributions(path=_elsewhere(Path.cwd()))
        for point in distribution.entry_points.select(group=PLUGINS)
    )
    return sorted(set(found))


def plugin_configs() -> list[Path]:
    """Returns the folders `configs` that lie in the plugins' packages."""
    specs = (PathFinder.find_spec(name.partition(".")[0], _elsewhere(Path.cwd())) for name in plugins())
    places = (place for spec in specs if spec for place in spec.submodule_search_locations or ())
    return [folder for place in places if (folder := Path(place) / "configs").is_dir()]


def fingerprint_of(cls: type) -> str | None:
    """Returns the SHA-256 of the file that a class stands in, None where there is none."""
    try:
        file = inspect.getsourcefile(cls)
        return None if file is None else fingerprint(Path(file))
    except (TypeError, OSError):
        return None


def is_name(text: object) -> bool:
    """Returns whether a text can be the name of a module."""
    return isinstance(text, str) and NAME.fullmatch(text) is not None


def advice(target: str) -> str:
    """Returns how to allow the class of that dotted name, if it may be one of the user's own."""
    module, _, _ = target.rpartition(".")
    top = module.partition(".")[0]
    if not is_name(target) or not top or top == "rnnlab" or top in sys.stdlib_module_names:
        return ""
    return f"; a module of yours? add --module {module}"


def _import(name: str, folder: Path | None) -> None:
    """Imports a module, of the folder or (None) only of installed ones."""
    key = f"--module {name}"
    if not is_name(name) or name.endswith(".py"):
        hint = f"; did you mean --module {Path(name).stem}?" if name.endswith(".py") else ""
        raise InputError(f"{key}: expected the name of a module, as my_cell for my_cell.py{hint}")
    top = name.partition(".")[0]
    importlib.invalidate_caches()
    own = None if folder is None else _find(top, [str(folder)])
    if own is not None and folder is not None:
        installed = _find(top, _elsewhere(folder))
        if top in sys.stdlib_module_names or installed is not None:
            other = "a module of Python's" if installed is None else installed.origin
            raise InputError(f"{key}: means {own.origin} as well as {other}; rename yours")
        _forget_another(top, own)
    try:
        with _also_searched(None if own is None else folder):
            importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            near = did_you_mean(name, (path.stem for path in (folder or Path.cwd()).glob("*.py")))
            raise InputError(
                f"{key}: there is no {top}.py in the current folder, and no such module is installed{near}"
                if own is None
                else f"{key}: {top} has no module {error.name}"
            ) from None
        raise InputError(f"{key}: cannot be imported: {reason(error)}") from None


def _find(top: str, path: list[str]) -> ModuleSpec | None:
    """Returns where a module lies on a path; a folder without __init__.py is none."""
    spec = PathFinder.find_spec(top, path)
    return None if spec is None or spec.loader is None or spec.origin is None else spec


def _elsewhere(folder: Path) -> list[str]:
    """Returns where Python looks for modules, less the folder."""
    return [place for place in sys.path if Path(place).resolve() != folder.resolve()]


def _forget_another(top: str, own: ModuleSpec) -> None:
    """Forgets a module of the same name that an earlier use, from another folder, has imported."""
    loaded: ModuleType | None = sys.modules.get(top)
    if loaded is not None and getattr(loaded, "__file__", None) != own.origin:
        for name in [name for name in sys.modules if f"{name}.".startswith(f"{top}.")]:
            del sys.modules[name]


@contextmanager
def _also_searched(folder: Path | None) -> Iterator[None]:
    """Lets Python find modules of the folder, after all others, as long as the block lasts."""
    if folder is None:
        yield
        return
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
