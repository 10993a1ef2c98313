"""The two ways to install name the same things, and the check before the first lesson tells the truth."""

import importlib.metadata
import re
import sys
import tomllib
from importlib.metadata import version

import pytest
import yaml

from course import environment
from course.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


class ImportedOnce(environment._Imports):
    """What one try has found, for the tests that are about something else."""

    found: dict[str, str] = {}

    def __init__(self, modules: list[str]):
        if new := [each for each in modules if each not in self.found]:
            super().__init__(new)
            self.found |= self._faults
        self._faults = self.found


@pytest.fixture(autouse=True)
def imports(request, monkeypatch):
    if "imports_anew" not in request.keywords:
        monkeypatch.setattr(environment, "_Imports", ImportedOnce)


def test_environment_yml_names_the_requirements_of_pyproject():
    (pip,) = [entry["pip"] for entry in CONDA["dependencies"] if isinstance(entry, dict)]
    assert pip[0] == "-e ."
    assert pip[1:] == PROJECT["project"]["dependencies"]
    assert f"python{PROJECT['project']['requires-python']}" in CONDA["dependencies"]


def test_lock_names_the_public_index_only():
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://[^/\"]+", lock))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"} and "file://" not in lock


@pytest.mark.imports_anew
def test_all_is_well_here(tmp_path):
    findings = list(environment.examine(tmp_path / "my_work"))
    assert all(not finding.cure for finding in findings)
    assert [str(finding)[:6] for finding in findings] == ["[ok]  "] * len(findings)


def cures(folder) -> list[environment.Finding]:
    return [finding for finding in environment.examine(folder) if finding.cure]


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("no-such-package>=1", "no-such-package is not installed"),
        ("pyjwt>=99", f"pyjwt {version('pyjwt')} does not fit: needed is >=99"),
        ("python-jose[cryptography]<1", "does not fit: needed is <1"),
    ],
)
def test_package_that_is_missing_or_too_old_is_named_with_its_cure(
    monkeypatch, tmp_path, requirement, said
):
    required = importlib.metadata.requires

    def requires(name):
        return (
            [*required(name), requirement] if name == environment.DISTRIBUTION else required(name)
        )

    monkeypatch.setattr(importlib.metadata, "requires", requires)
    (finding,) = cures(tmp_path)
    assert str(finding).startswith("[fail] ") and said in str(finding)
    assert "uv run course" in finding.cure


def test_package_of_an_extra_is_examined(monkeypatch, tmp_path):
    version_of = environment._version_of
    without = {"cryptography": None, "argon2-cffi": "0.1"}
    monkeypatch.setattr(
        environment, "_version_of", lambda name: without.get(name, version_of(name))
    )
    said = [finding.text for finding in cures(tmp_path)]
    assert "cryptography is not installed" in said
    assert any(text.startswith("argon2-cffi 0.1 does not fit") for text in said)


@pytest.mark.imports_anew
@pytest.mark.parametrize(
    ("name", "does", "said"),
    [
        ("joserfc", "raise ImportError('broken')", "ImportError: broken"),
        ("joserfc", "print('[]'); raise ZeroDivisionError", "ZeroDivisionError: "),
        ("joserfc", "import os; os.system('echo 1'); os._exit(3)", "Python ends with code 3"),
        ("nbval", "raise ImportError('broken')", "ImportError: broken"),
    ],
)
def test_package_that_cannot_be_imported_is_named_with_its_cure(
    name, does, said, monkeypatch, tmp_path
):
    """Wherever it is tried; and those that come after it are examined all the same."""
    (tmp_path / f"{name}.py").write_text(does, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    findings = [str(each) for each in environment.examine(tmp_path)]
    (finding,) = [each for each in findings if not each.startswith("[ok]")]
    assert re.match(rf"\[fail\] {name} [\d.]+ cannot be imported: {said}\n", finding)
    assert "uv run course" in finding and "uvicorn" in " ".join(findings)


def test_course_without_its_own_metadata_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "DISTRIBUTION", "a-course-that-nobody-installed")
    (finding,) = cures(tmp_path)
    assert "the course itself, is not installed" in finding.text and "uv sync" in finding.cure


def test_impostor_is_named_with_its_cure(monkeypatch, tmp_path):
    version_of = environment._version_of
    monkeypatch.setattr(
        environment, "_version_of", lambda name: "9.9" if name == "jwt" else version_of(name)
    )
    (finding,) = cures(tmp_path)
    assert "'jwt'" in finding.text and "pip uninstall jwt" in finding.cure


def test_old_python_is_named_with_its_cure(monkeypatch, tmp_path):
    monkeypatch.setattr(
        environment, "OLDEST_PYTHON", (sys.version_info[0], sys.version_info[1] + 1)
    )
    assert "is too old" in next(environment.examine(tmp_path)).text


def test_newer_python_than_the_tested_ones_is_a_warning(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "NEWEST_TESTED_PYTHON", (3, 10))
    first = next(environment.examine(tmp_path))
    assert str(first).startswith("[warn] Python") and "tested with, 3.11 to 3.10" in first.text
    assert not first.stops and "uv run --python 3.10 course" in first.cure


@pytest.mark.parametrize(
    ("system", "machine", "cure"),
    [
        ("darwin", "x86_64", "macos-aarch64"),
        ("win32", "ARM64", "windows-x86_64"),
        ("linux", "x86_64", "uv sync"),
    ],
)
def test_cryptography_without_a_wheel_has_a_cure_of_its_own(
    monkeypatch, tmp_path, system, machine, cure
):
    version_of = environment._version_of
    monkeypatch.setattr(
        environment,
        "_version_of",
        lambda name: None if name == "cryptography" else version_of(name),
    )
    monkeypatch.setattr(environment.sys, "platform", system)
    monkeypatch.setattr(environment.platform, "machine", lambda: machine)
    (finding,) = [each for each in environment._examine_packages() if each.cure]
    assert finding.text == "cryptography is not installed" and cure in finding.cure


def test_systems_without_a_wheel_are_those_that_the_lock_has_none_for():
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (package,) = [each for each in lock["package"] if each["name"] == "cryptography"]
    wheels = " ".join(wheel["url"] for wheel in package["wheels"])
    tags = {
        ("darwin", "x86_64"): r"macosx_\w+_(x86_64|universal2)",
        ("win32", "arm64"): "win_arm64",
    }
    assert set(tags) == set(environment.WITHOUT_WHEEL)
    assert [tag for tag in tags.values() if re.search(tag, wheels)] == []
    assert re.search("macosx_.*_arm64", wheels) and "win_amd64" in wheels


def test_port_that_cannot_be_opened_is_named_with_its_cure(monkeypatch, tmp_path):
    # An address kept for documentation (RFC 5737): no machine has it.
    monkeypatch.setattr(environment, "LOOPBACK", "192.0.2.1")
    (finding,) = cures(tmp_path)
    assert "192.0.2.1" in finding.text and "firewall" in finding.cure


def test_all_packages_are_on_few_lines(tmp_path):
    said = [str(finding) for finding in environment.examine(tmp_path)]
    assert len(said) <= 12 and max(map(len, said)) <= 100
    names = [re.match(r"[\w-]+", each)[0] for each in PROJECT["project"]["dependencies"]]
    assert all(name in " ".join(said) for name in [*names, "cryptography", "argon2-cffi"])


def test_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "my_work").write_text("a file in the way", encoding="utf-8")
    findings = list(environment.examine(tmp_path / "my_work"))
    assert "cannot be written to" in findings[-1].text and findings[-1].cure


@pytest.mark.parametrize(
    "name", ["python-jose", "flask", "flask-jwt-extended", "requests", "nbval", "jupyterlab"]
)
def test_the_packages_of_the_course_are_there(name):
    assert any(
        re.match(rf"{name}\b", requirement) for requirement in PROJECT["project"]["dependencies"]
    )
