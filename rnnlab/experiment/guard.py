"""What a configuration may say of Hydra itself, of folders and of the environment, and who may say it.

A file may be a stranger's, and a command line is the user's own word. Whatever stands in Hydra's node has to
be what Hydra and rnnlab ship, but for this:

by anyone: hydra.run.dir, hydra.sweep.dir and data.cache below the current folder; hydra.sweep.subdir below
    hydra.sweep.dir; hydra.job.name; hydra.mode; a launcher of LAUNCHERS or sweeper of SWEEPERS and its
    numbers; hydra.sweeper.params of keys that are not Hydra's
by the user alone: the same folders anywhere; texts of a launcher or sweeper, which may be shell lines, hosts
    or paths; hydra.searchpath, hydra.verbose, hydra.output_subdir, hydra.job.chdir

So no configuration chooses callbacks, logging or variables. What a file says is put in place as it was when
it was checked, so that nothing that it refers to can change it afterwards.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from rnnlab.core.errors import InputError, shown
from rnnlab.runs.finder import OUTPUTS

Place = tuple[str | int, ...]
Leaves = dict[Place, Any]

LAUNCHERS = {
    "hydra_plugins.rnnlab_launcher.LocalLauncher": "local",
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher": "basic",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher": "joblib",
    "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher": "submitit_local",
    "hydra_plugins.rnnlab_launcher.SlurmLauncher": "submitit_slurm",
    "hydra_plugins.rnnlab_launcher.RayLauncher": "ray",
}
SWEEPERS = {
    "hydra_plugins.rnnlab_sweeper.PlannedSweeper": "planned",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper": "basic",
    "hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper": "optuna",
}
LOGGING = {
    "hydra/job_logging": ("file", "default", "disabled", "none", "stdout"),
    "hydra/hydra_logging": ("default", "disabled", "none", "hydra_debug"),
}
CALLBACK = "hydra.experimental.callbacks.LogJobReturnCallback"
SET_BY_HYDRA = {
    *(("runtime", name) for name in ("version", "version_base", "cwd", "config_sources", "choices")),
    *(("overrides", name) for name in ("hydra", "task")),
    *(("job", name) for name in ("override_dirname", "config_name")),
}
NAMES_CODE = ("_target_", "custom_search_space")
NO_SEARCHPATH = "a file may not name folders to be searched; name them on the command line"
INSTEAD: dict[Place, str] = {
    # PATH, LD_PRELOAD or git's own variables would make the programs that rnnlab calls run anything.
    ("job", "env_set"): "set variables in the shell",
    ("job", "env_copy"): "set variables in the shell",
}
RESOLVERS = {"label", "rounds", "inputs", "now", "hydra", "python_version"}
RESOLVERS |= {"oc.select", "oc.dict.keys", "oc.dict.values"}
LONGEST_INTERPOLATION, LONGEST_TEXT = 2_000, 10_000  # characters of a file's value
JOB_NUMBER = re.compile(r"\$\{hydra[.:]job\.(?:num|id)\}")
LONGEST_NAME = 100


def check(
    composed: DictConfig, words: Sequence[Override], shipped: Callable[[Mapping[str, str]], Any]
) -> None:
    """Raises InputError for what a configuration must not say of Hydra, or where it would write.

    Args:
        composed: all of it, as Hydra has composed it.
        words: those of the command line.
        shipped: returns Hydra's node as it is shipped, with such choices of its groups, nothing resolved.
    """
    raw: Any = OmegaConf.to_container(composed, resolve=False)
    node = raw["hydra"]
    if not isinstance(node, dict):
        raise InputError(f"hydra: expected keys and values, found {shown(node)}")
    _check_words(node, words)
    said = _said(words, raw)
    shipped_values = shipped(_choices(node))
    theirs, ours = _leaves(node), _leaves(shipped_values["hydra"])
    parents = {place[:length] for place in theirs for length in range(1, len(place))}
    for place in dict.fromkeys([*theirs, *ours]):
        same = place in ours and place in theirs and theirs[place] == ours[place]
        if not same and place[:2] not in SET_BY_HYDRA and place not in parents:
            by_user = _is_said(("hydra", *place), said)
            _check_leaf(composed, place, theirs.get(place), by_user=by_user, known=place in ours)
    _resolve_all(composed)
    if not _is_said(("data", "cache"), said):
        _check_cache(composed, raw.get("data"), shipped_values["data"]["cache"])


def check_searchpath(words: Sequence[Override]) -> None:
    """Raises InputError where the words of the command line name anything but folders to be searched."""
    found = [
        word.value() for word in words if word.key_or_group == "hydra.searchpath" and not word.is_delete()
    ]
    for path in (path for paths in found for path in (paths if isinstance(paths, list) else [paths])):
        if not isinstance(path, str) or not Path(path.removeprefix("file://")).is_dir():
            raise InputError(f"hydra.searchpath: expected folders (file://…), found {shown(path)}")


def check_interpolations(values: Any, file: str) -> None:
    """Raises InputError for an interpolation of a file that reads the environment or makes values of texts.

    values: what the file says, nothing resolved; file: its name.
    """
    from omegaconf.grammar.gen.OmegaConfGrammarParser import OmegaConfGrammarParser
    from omegaconf.grammar_parser import parse

    for place, text in _leaves(values).items():
        if not isinstance(text, str):
            continue
        key, most = ".".join(map(str, place)), LONGEST_INTERPOLATION if "${" in text else LONGEST_TEXT
        if len(text) > most:
            raise InputError(f"{key}: expected at most {most:,} characters, found more (in {file})")
        if "${" not in text:
            continue
        waiting: list[Any] = [parse(text)]
        while waiting:
            tree = waiting.pop()
            if isinstance(tree, OmegaConfGrammarParser.InterpolationResolverContext):
                name = tree.resolverName().getText()
                if name not in RESOLVERS:
                    raise InputError(
                        f"{key}: a file may not use ${{{name}:…}}; on the command line you may (in {file})"
                    )
            waiting += getattr(tree, "children", None) or []


def _check_words(node: Mapping[str, Any], words: Sequence[Override]) -> None:
    """Raises InputError where files have put words among the user's, or a choice leads out of its group."""
    overrides = node["overrides"]
    if len(overrides["hydra"]) + len(overrides["task"]) != len(words):
        raise InputError("hydra.overrides: not allowed in a configuration; give them on the command line")
    for group, choice in node["runtime"]["choices"].items():
        for name in choice if isinstance(choice, list) else [choice]:
            path = PurePath(str(name))
            if ".." in path.parts or path.is_absolute() or not str(name).isprintable():
                raise InputError(f"{group}: expected the name of one of its choices, found {shown(name)}")


def _choices(node: Mapping[str, Any]) -> dict[str, str]:
    """Returns the choices of Hydra's groups that stand for what the node has; InputError for any other."""
    found = node["runtime"]["choices"]
    choices = {group: found[group] for group, names in LOGGING.items() if found.get(group) in names}
    for kind, known in (("launcher", LAUNCHERS), ("sweeper", SWEEPERS)):
        section = node.get(kind)
        target = section.get("_target_") if isinstance(section, dict) else section
        if target not in known:
            expected = f"the class of one of hydra/{kind}={', '.join(known.values())}"
            raise InputError(f"hydra.{kind}._target_: expected {expected}, found {shown(target)}")
        choices[f"hydra/{kind}"] = known[target]
    if sampler := found.get("hydra/sweeper/sampler"):
        choices["hydra/sweeper/sampler"] = str(sampler)
    return choices


def _leaves(values: Any, place: Place = ()) -> Leaves:
    """Returns what is neither keys and values nor a list, by place; an empty one counts as a leaf."""
    children: Any = ()
    if isinstance(values, dict):
        children = values.items()
    elif isinstance(values, list):
        children = enumerate(values)
    found: Leaves = {}
    for key, value in children:
        found |= _leaves(value, (*place, key))
    return found or {place: values}


def _said(words: Sequence[Override], raw: Mapping[str, Any]) -> set[Place]:
    """Returns the places that the words of the command line set; a choice of a group sets none."""
    said: set[Place] = set()
    for word in words:
        place: Place = tuple(word.key_or_group.split("."))
        value, there = word.value(), raw
        for name in place:
            there = there.get(str(name), {}) if isinstance(there, dict) else {}
        if isinstance(value, dict):
            said |= {(*place, *below) for below in _leaves(value)}
        elif not isinstance(there, dict):
            said.add(place)
    return said


def _is_said(place: Place, said: set[Place]) -> bool:
    return any(place[:length] in said for length in range(1, len(place) + 1))


def _check_leaf(composed: DictConfig, place: Place, value: Any, *, by_user: bool, known: bool) -> None:
    """Raises InputError unless that value may stand there; puts a file's in place as it is now."""
    key = f"hydra.{'.'.join(map(str, place))}"
    match place:
        case ("run" | "sweep", "dir"):
            if not by_user:
                _fix(composed, key, _below_here(key, _resolved(composed, key)))
        case ("sweep", "subdir"):
            _check_subdir(composed, str(value), by_user=by_user)
        case ("job", "name"):
            _fix(composed, key, _name(key, _resolved(composed, key)))
        case ("mode",) | ("job", "config", "override_dirname", *_):
            pass
        case ("sweeper", "params", *_):
            _check_param(str(place[2]) if len(place) > 2 else "", value, by_user=by_user)
        case ("sweeper", "direction", *_) if value in ("minimize", "maximize"):
            pass
        case ("callbacks", _, "_target_") if value == CALLBACK:
            pass
        case ("launcher" | "sweeper", *below) if not set(below) & set(NAMES_CODE):
            number = value is None or isinstance(value, bool | int | float)
            if not by_user and not (known and number):
                only = f"a file may give a {place[0]} numbers alone"
                raise InputError(f"{key}: {only}, found {shown(value)}; give it on the command line")
        case ("searchpath", *_) if by_user:
            pass
        case ("verbose", *_) if by_user and isinstance(value, bool | str):
            pass
        case ("job", "chdir") if by_user and isinstance(value, bool):
            pass
        case ("output_subdir",) if by_user:
            if value is not None:
                _name(key, value)
        case _:
            _refuse(place, value)


def _refuse(place: Place, value: Any) -> None:
    for length in range(1, len(place) + 1):
        if instead := INSTEAD.get(place[:length]):
            key = ".".join(map(str, place[:length]))
            raise InputError(f"hydra.{key}: not allowed in a configuration; {instead}")
    key = ".".join(map(str, place))
    raise InputError(f"hydra.{key}: expected what Hydra and rnnlab ship, found {shown(value)}")


def _resolved(composed: DictConfig, key: str) -> Any:
    try:
        return OmegaConf.select(composed, key, throw_on_missing=True)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{key}: expected a value that is known before the run ({reason})") from None


def _fix(composed: DictConfig, key: str, value: str) -> None:
    """Puts a checked value in the place of what led to it."""
    if "${" in value:
        raise InputError(f"{key}: expected a plain text, found {shown(value)}")
    OmegaConf.update(composed, key, value)


def _below_here(key: str, value: Any) -> str:
    """Returns a folder of a file's, which has to lie below the current one, links followed."""
    here = Path.cwd().resolve()
    fits = isinstance(value, str) and "\0" not in value and ".." not in PurePath(value).parts
    # Where outputs/ leads is the user's own choice.
    homes = {here, (here / OUTPUTS).resolve()} if fits and not Path(value).is_absolute() else {here}
    if not fits or not homes & set((here / value).resolve().parents):
        raise InputError(
            f"{key}: a file may only name a folder below the current one, found {shown(value)}; "
            "any other on the command line"
        )
    return str(value)


def _check_subdir(composed: DictConfig, text: str, *, by_user: bool) -> None:
    """Raises InputError unless hydra.sweep.subdir stays below hydra.sweep.dir for every job."""
    key, numbers = "hydra.sweep.subdir", JOB_NUMBER.findall(text)
    pieces = []
    for piece in JOB_NUMBER.split(text):  # which alone is not known yet
        OmegaConf.update(composed, key, piece)
        pieces.append(str(_resolved(composed, key)))
    path = PurePath("0".join(pieces))
    if path.is_absolute() or ".." in path.parts or "\0" in str(path):
        raise InputError(f"{key}: expected a folder below hydra.sweep.dir, found {shown(str(path))}")
    if not by_user and any("${" in piece for piece in pieces):
        raise InputError(f"{key}: expected a plain text, found {shown(text)}")
    parts = [part for pair in zip(pieces, [*numbers, ""], strict=True) for part in pair]
    OmegaConf.update(composed, key, text if by_user else "".join(parts))


def _name(key: str, value: Any) -> str:
    """Returns a text that may be a file's name; raises InputError for any other."""
    fits = isinstance(value, str) and value not in ("", ".", "..") and "/" not in value
    if not fits or not value.isprintable() or len(value) > LONGEST_NAME:
        raise InputError(
            f"{key}: expected a name without '/', of {LONGEST_NAME} characters at most, found {shown(value)}"
        )
    return str(value)


def _check_param(name: str, value: Any, *, by_user: bool) -> None:
    """Raises InputError for a parameter of a sweep that is Hydra's own, or a file's that is not plain."""
    key = f"hydra.sweeper.params.{name}"
    if re.match(r"[+~]*hydra\b", name.strip()):
        raise InputError(f"{key}: expected a key of a run, found one of Hydra's")
    if not by_user and isinstance(value, str) and "${" in value:
        raise InputError(f"{key}: expected a plain text, found {shown(value)}")


def _resolve_all(composed: DictConfig) -> None:
    """Follows every reference, so that too many of them are noticed here."""
    for key in composed:
        try:
            if key != "hydra" and OmegaConf.is_config(value := composed[key]):
                OmegaConf.to_container(value, resolve=True)
        except OmegaConfBaseException:
            continue  # which is said where the value is needed


def _check_cache(composed: DictConfig, data: Any, default: str) -> None:
    cache = data.get("cache") if isinstance(data, dict) else None
    if isinstance(cache, str) and cache != default:  # of what is no text, the schema says what is wrong
        _fix(composed, "data.cache", _below_here("data.cache", _resolved(composed, "data.cache")))
