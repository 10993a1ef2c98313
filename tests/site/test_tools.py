"""What the build says where something is missing or is not what it should be; nothing here is fetched."""

import hashlib
import json
import subprocess
import sys
import zipfile

import nbformat
import pytest

from course.paths import ROOT
from edition import build, elsewhere, tools, wheels
from edition.settings import FILE, read_settings


@pytest.fixture
def no_node(monkeypatch):
    tools.node.cache_clear()
    yield monkeypatch
    tools.node.cache_clear()


def test_without_node_the_build_says_what_to_get(no_node, tmp_path):
    no_node.setenv("PATH", str(tmp_path))
    with pytest.raises(
        tools.CannotBuild, match="There is no Node here.*Node 20 or newer.*nodejs.org"
    ):
        tools.node()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script of a shell")
def test_an_old_node_is_refused(no_node, tmp_path):
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.1.0\n")
    old.chmod(0o755)
    no_node.setenv("PATH", f"{tmp_path}")
    with pytest.raises(tools.CannotBuild, match="The Node here is v18.1.0.*Node 20 or newer"):
        tools.node()


def test_the_command_says_it_without_a_traceback(tmp_path):
    code = "import os; os.environ['PATH'] = ''; from course.cli import main; main(['site', 'x'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 1 and done.stderr.startswith("Error: There is no Node here.")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(tools.CannotBuild, match="holds something else than a site"):
        build._may_be_replaced(tmp_path)


def test_a_wheel_that_was_changed_in_the_cache_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_SITE_CACHE", str(tmp_path))
    path = tools.cache_folder("wheels") / "comm-1-py3-none-any.whl"
    path.write_bytes(b"changed")
    entry = {
        "url": f"https://x/{path.name}",
        "hash": f"sha256:{hashlib.sha256(b'real').hexdigest()}",
    }
    with pytest.raises(tools.CannotBuild, match="was not the file that uv.lock names"):
        wheels._fetched({"comm": entry}, {"comm": {"version": "1"}})
    assert not path.exists()


def test_workflows_fit_their_schema(tmp_path):
    misspelt = tmp_path / "pages.yml"
    text = (ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8")
    misspelt.write_text(text.replace("runs-on:", "run-on:", 1), encoding="utf-8")
    check = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
    ]
    right = sorted(map(str, (ROOT / ".github/workflows").glob("*.yml")))
    assert len(right) == 2
    assert subprocess.run([*check, *right], capture_output=True).returncode == 0
    refused = subprocess.run([*check, str(misspelt)], capture_output=True, text=True)
    assert refused.returncode == 1 and "run-on" in refused.stdout


LOCK = {
    "package": [
        {"name": "a", "version": "1", "dependencies": [
            {"name": "b", "marker": "sys_platform == 'win32'"},
            {"name": "c", "extra": ["x"]},
            {"name": "uvicorn"},
        ]},
        {"name": "b", "version": "1"},
        {"name": "c", "version": "1", "optional-dependencies": {"x": [{"name": "d"}]}},
        {"name": "d", "version": "1", "resolution-markers": ["python_full_version < '3.12'"]},
        {"name": "d", "version": "2", "resolution-markers": ["python_full_version >= '3.12'"]},
        {"name": "uvicorn", "version": "1"},
    ]
}  # fmt: skip


def test_the_closure_is_that_of_the_tabs_python():
    found = wheels.closure(LOCK, {"a": set()})
    assert {name: package["version"] for name, (package, _) in found.items()} == {
        "a": "1",
        "c": "1",
        "d": "2",
    }
    assert found["a"][1] == {"c"}


def test_a_wheel_of_our_own_has_the_same_bytes_each_time(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_SITE_CACHE", str(tmp_path / "one"))
    first = wheels._own_wheel("ours", "1", {"ours.py": b"x = 1\n"})
    monkeypatch.setenv("COURSE_SITE_CACHE", str(tmp_path / "two"))
    second = wheels._own_wheel("ours", "1", {"ours.py": b"x = 1\n"})
    assert first.read_bytes() == second.read_bytes()
    assert wheels.imports_of(first) == ["ours"]
    with zipfile.ZipFile(first) as wheel:
        assert wheel.read("ours-1.dist-info/METADATA").startswith(
            b"Metadata-Version: 2.1\nName: ours"
        )


def test_modules_become_one_script(tmp_path):
    (tmp_path / "a.js").write_text(
        'import { two as zwei } from "./b.js";\nexport const four = () => zwei * 2;\n'
    )
    (tmp_path / "b.js").write_text("const two = 2;\nexport { two };\n")
    script = wheels.one_script(tmp_path, "a.js", ("four",))
    code = f"console.log(({script}).four())"
    node = tools.node() if __import__("shutil").which("node") else None
    if node is None:
        print("NO NODE: the joined script is not run", file=sys.__stderr__)
        pytest.skip("NO NODE")
    assert subprocess.run([node, "-e", code], capture_output=True, text=True).stdout == "4\n"
    (tmp_path / "b.js").write_text("export default 2;\n")
    with pytest.raises(tools.CannotBuild, match="is not understood"):
        wheels.one_script(tmp_path, "b.js", ("two",))


def test_settings_are_checked(tmp_path):
    assert read_settings().site_url.endswith("/")
    wrong = tmp_path / "settings.toml"
    wrong.write_text(FILE.read_text(encoding="utf-8").replace("/REPO/", "/REPO"), encoding="utf-8")
    with pytest.raises(ValueError, match="ends with a slash"):
        read_settings(wrong)


def test_colab_gets_one_cell_more_and_keeps_what_it_has(tmp_path):
    elsewhere.write_for_colab(tmp_path)
    for path in elsewhere.ROOT.glob("notebooks/*.ipynb"):
        made, stored = nbformat.read(tmp_path / path.name, 4), nbformat.read(path, 4)
        nbformat.validate(made)
        assert made.cells[1:] == stored.cells
        assert read_settings().repository in made.cells[0].source
    # In an environment that has everything, nothing is installed; and whatever is here stays at its version.
    assert elsewhere.missing() == []
    assert f"pytest=={pytest.__version__}" in elsewhere.constraints().splitlines()


def test_the_lock_file_names_what_package_json_names():
    wanted = json.loads((ROOT / "edition/package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads((ROOT / "edition/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert lock[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == version
        assert lock[f"node_modules/{name}"]["integrity"].startswith("sha512-")
