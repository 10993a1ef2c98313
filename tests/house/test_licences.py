"""What a learner installs may be used by anybody: packages under GPL or LGPL stay with the development tools."""

import importlib.metadata
import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COPYLEFT = re.compile(r"\b(A|L)?GPL|General Public License", re.IGNORECASE)


def closure(requirements: list[str]) -> set[str]:
    """The distributions that these requirements install here, with all that they need."""
    found: set[str] = set()
    named = [Requirement(each) for each in requirements]
    wanted = [each for each in named if each.marker is None or each.marker.evaluate()]
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        key = f"{name}[{','.join(sorted(requirement.extras))}]"
        if key in found:
            continue
        found.add(key)
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                wanted.append(needed)
    return {key.partition("[")[0] for key in found}


def licence_of(name: str) -> str:
    metadata = importlib.metadata.metadata(name)
    classifiers = [each for each in metadata.get_all("Classifier", []) if "License" in each]
    return (
        " | ".join([metadata.get("License-Expression") or "", *classifiers]).strip(" |")
        or ((metadata.get("License") or "unknown")[:200])
    )


def test_no_package_of_a_learner_is_under_a_copyleft_licence():
    learner = closure(PROJECT["project"]["dependencies"])
    assert {"jupyterlab", "flask", "precis-i18n"} <= learner and len(learner) > 80
    assert {name: licence_of(name) for name in learner if COPYLEFT.search(licence_of(name))} == {}


def test_the_test_would_find_one():
    named = PROJECT["dependency-groups"]["dev"]
    # The group also includes another one, which is a table.
    development = closure([each for each in named if isinstance(each, str)])
    found = {name for name in development if COPYLEFT.search(licence_of(name))}
    assert {"codespell", "psycopg"} <= found


def test_learners_install_no_development_tool():
    assert PROJECT["tool"]["uv"]["default-groups"] == []
    learner = closure(PROJECT["project"]["dependencies"])
    for tool in ("jupytext", "playwright", "ruff", "schemathesis", "psycopg", "hypothesis"):
        assert tool not in learner
