"""The wheels of the tab: what ``uv.lock`` names for Pyodide's Python, what npm has in place of the rest, and the course.

Wheels that neither PyPI nor npm has come from Pyodide's distribution, by the hashes of npm's lock file, where a build
may fetch them (``course site --distribution``). Without them, the cells that need them stay prose (``edition/cells.py``).
"""

import base64
import email
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course.paths import Course
from edition import tools

TAB = Path(__file__).parent / "tab"
# Pyodide's Python, in the words of markers.
TAB_PYTHON = {
    "python_version": "3.14",
    "python_full_version": "3.14.2",
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_machine": "wasm32",
    "extra": "",
}
TAGS = re.compile(r"-(py3|py2\.py3|cp314)-(none|cp314|abi3)-(any|pyemscripten_2026_0_wasm32)\.whl$")
LINUX = re.compile(r"-cp314-cp314-manylinux\w*(\.\w+)*_x86_64\.whl$")
# A tab has no server, no terminal, and JupyterLite in place of JupyterLab.
NOT_IN_A_TAB = {
    "greenlet", "ipykernel", "jupyterlab", "jupyterlab-widgets", "nbval", "pexpect", "psutil", "uvicorn",
}  # fmt: skip
# What the kernel of JupyterLite imports.
FOR_THE_KERNEL = ("ipython", "comm", "micropip", "tzdata")
# Compiled for speed alone: the same package without its compiled part is whole.
ALSO_WITHOUT_COMPILED = {"markupsafe"}
# What PyPI lacks, and all that it draws in. Pyodide's distribution has each.
FROM_THE_DISTRIBUTION = ("cryptography", "cffi", "matplotlib")
CDN = "https://cdn.jsdelivr.net/pyodide/v{}/full/{}"
DATE = (2020, 2, 2, 0, 0, 0)


@dataclass
class Wheel:
    """A wheel in the cache, and the names of what it needs in the tab."""

    name: str
    version: str
    path: Path
    needs: set[str] = field(default_factory=set)
    imports: list[str] | None = None


def closure(lock: dict, roots: dict[str, set[str]]) -> dict[str, tuple[dict, set[str]]]:
    """The packages of ``uv.lock`` that these (name: extras) come to in the tab, each with the names of what it needs."""
    by_name: dict[str, list[dict]] = {}
    for package in lock["package"]:
        by_name.setdefault(package["name"], []).append(package)
    found: dict[str, tuple[dict, set[str]]] = {}
    waiting = list(roots.items())
    done = set()
    while waiting:
        name, extras = waiting.pop()
        key = (name, tuple(sorted(extras)))
        if name in NOT_IN_A_TAB or key in done:
            continue
        done.add(key)
        package = _for_the_tab(by_name[name])
        wanted = list(package.get("dependencies", []))
        for extra in extras:
            wanted += package.get("optional-dependencies", {}).get(extra, [])
        needs = found.setdefault(name, (package, set()))[1]
        for each in wanted:
            if _holds(each.get("marker")) and each["name"] not in NOT_IN_A_TAB:
                needs.add(each["name"])
                waiting.append((each["name"], set(each.get("extra", []))))
    return found


def _holds(marker: str | None) -> bool:
    return marker is None or Marker(marker).evaluate(TAB_PYTHON)


def _for_the_tab(packages: list[dict]) -> dict:
    """Of several versions in the lock, the one for this Python."""
    for package in packages:
        markers = package.get("resolution-markers")
        if markers is None or any(_holds(marker) for marker in markers):
            return package
    raise tools.CannotBuild(f"uv.lock has no {packages[0]['name']} for Python 3.14 in a tab.")


def collect(course: Course, distribution: bool) -> tuple[list[Wheel], set[str]]:
    """All wheels of the tab; and the names of packages that this build has to do without.

    Raises:
        CannotBuild: if one cannot be fetched, or is not what a lock file names.
    """
    lock = tomllib.loads((course.root / "uv.lock").read_text(encoding="utf-8"))
    project = next(each for each in lock["package"] if each["name"] == "jwt-cell-by-cell")
    roots = {
        each["name"]: set(each.get("extra", []))
        for each in project["dependencies"]
        if _holds(each.get("marker"))
    }
    roots |= {name: set() for name in FOR_THE_KERNEL}
    packages = closure(lock, roots)
    chosen: dict[str, dict] = {}
    lacking = set()
    for name, (package, _) in packages.items():
        if found := _wheel_of(name, package):
            chosen[name] = found
        else:
            lacking.add(name)
    files = _fetched(chosen, {name: package for name, (package, _) in packages.items()})
    wheels = {
        name: Wheel(name, packages[name][0]["version"], path, set(packages[name][1]))
        for name, path in files.items()
    }
    if distribution:
        for wheel in _from_the_distribution(set(wheels)):
            wheels[wheel.name] = wheel
            lacking.discard(wheel.name)
    elif "argon2-cffi-bindings" in wheels:
        wheels["argon2-cffi-bindings"] = _argon2(wheels["argon2-cffi-bindings"].version)
    _complete(wheels)
    own = _own_wheels(course, wheels)
    every = [*wheels.values(), *own]
    names = {wheel.name for wheel in every}
    for wheel in every:
        wheel.needs &= names
    unknown = lacking - _may_be_lacking()
    if unknown:
        raise tools.CannotBuild(
            f"No wheel for a tab: {', '.join(sorted(unknown))}. Lessons that need them cannot run there. "
            f"Is there another package, or does Pyodide's distribution have them (edition/wheels.py)?"
        )
    return every, lacking


def _wheel_of(name: str, package: dict) -> dict | None:
    wheels = package.get("wheels", [])
    for each in wheels:
        if TAGS.search(each["url"]):
            return each
    if name in ALSO_WITHOUT_COMPILED:
        return next(each for each in wheels if LINUX.search(each["url"]))
    return None


def _fetched(chosen: dict[str, dict], packages: dict[str, dict]) -> dict[str, Path]:
    store = tools.cache_folder("wheels")
    files = {name: store / each["url"].rsplit("/", 1)[1] for name, each in chosen.items()}
    missing = {name: chosen[name] for name, path in files.items() if not path.exists()}
    if missing:
        _pip_download(missing, packages, store)
    for name, path in files.items():
        if f"sha256:{tools.sha256(path)}" != chosen[name]["hash"]:
            path.unlink()
            raise tools.CannotBuild(
                f"{path.name} was not the file that uv.lock names. It is deleted: build again."
            )
    return {
        name: _without_compiled(path) if "manylinux" in path.name else path
        for name, path in files.items()
    }


def _pip_download(missing: dict[str, dict], packages: dict[str, dict], store: Path) -> None:
    """By pip, each by its hash."""
    with tempfile.TemporaryDirectory(dir=store) as folder:
        wanted = Path(folder) / "requirements.txt"
        lines = [
            f"{name}=={packages[name]['version']} --hash={each['hash']}"
            for name, each in missing.items()
        ]
        wanted.write_text("\n".join(lines), encoding="utf-8")
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes",
            "--disable-pip-version-check", "--implementation=cp", "--python-version=3.14", "--abi=cp314", "--abi=abi3",
            "--abi=none", "--platform=any", "--platform=pyemscripten_2026_0_wasm32", "--platform=manylinux2014_x86_64",
            "--platform=manylinux_2_28_x86_64", f"--dest={folder}", f"--requirement={wanted}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise tools.CannotBuild(f"pip could not fetch the wheels of the tab:\n{done.stderr}")
        for path in Path(folder).glob("*.whl"):
            tools.put(path, store / path.name)


def _without_compiled(path: Path) -> Path:
    """The same package as a wheel for any Python."""
    name, version = path.name.split("-")[:2]
    store = tools.cache_folder("pure") / f"{name}-{version}-py3-none-any.whl"
    if not store.exists():
        with zipfile.ZipFile(path) as wheel:
            files = {
                each: wheel.read(each)
                for each in wheel.namelist()
                if not each.endswith((".so", ".c", "/RECORD", "/WHEEL"))
            }
        _write_wheel(store, f"{name}-{version}.dist-info", files)
    return store


def _write_wheel(path: Path, info: str, files: dict[str, bytes]) -> None:
    """A pure wheel, with the same bytes for the same files."""
    record = []
    part = path.with_suffix(".part")
    plain = (
        b"Wheel-Version: 1.0\nGenerator: course site\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, raw in sorted({**files, f"{info}/WHEEL": plain}.items()):
            digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(raw)}")
            _add(wheel, name, raw)
        _add(wheel, f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]).encode())
    part.replace(path)


def _add(wheel: zipfile.ZipFile, name: str, raw: bytes) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(entry, raw)


def _own_wheel(name: str, version: str, files: dict[str, bytes]) -> Path:
    """A wheel of our own in the cache."""
    flat = name.replace("-", "_")
    info = f"{flat}-{version}.dist-info"
    said = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    digest = hashlib.sha256()
    for each, raw in sorted(files.items()):
        digest.update(each.encode() + hashlib.sha256(raw).digest())
    folder = tools.cache_folder("own") / digest.hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    path = folder / f"{flat}-{version}-py3-none-any.whl"
    if not path.exists():
        _write_wheel(path, info, {**files, f"{info}/METADATA": said})
    return path


def _argon2(version: str) -> Wheel:
    folder = tools.npm_packages()["@phi-ag/argon2"]
    files = {
        "_argon2_cffi_bindings/__init__.py": (TAB / "argon2_bindings.py").read_bytes(),
        "_argon2_cffi_bindings/argon2.wasm": (folder / "dist" / "argon2.wasm").read_bytes(),
    }
    path = _own_wheel("argon2-cffi-bindings", version, files)
    return Wheel("argon2-cffi-bindings", version, path)


def one_script(folder: Path, entry: str, names: tuple[str, ...]) -> str:
    """The modules of a package without imports from others as one expression, whose value has these names.

    They import each other at their tops, each name under its own or another, or a whole module: no more is understood,
    and what is left of ``import`` or ``export`` fails.
    """
    done: dict[str, str] = {}

    def take(file: str) -> None:
        if file in done:
            return
        done[file] = ""
        text = (folder / file).read_text(encoding="utf-8")
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        exported = re.findall(
            r"^export (?:async )?(?:const|let|function|class) (\w+)", text, re.MULTILINE
        )
        for group in re.findall(r"^export \{([^}]*)\};?", text, re.MULTILINE):
            exported += [each.strip() for each in group.split(",") if each.strip()]
        text = re.sub(r"^export \{[^}]*\};?", "", text, flags=re.MULTILINE)
        text = re.sub(
            r"^export (?=(async )?(const|let|function|class) )", "", text, flags=re.MULTILINE
        )

        def from_another(match: re.Match) -> str:
            take(match[2])
            taken = match[1].strip()
            if taken.startswith("* as "):
                return f"const {taken.removeprefix('* as ')} = modules['{match[2]}'];"
            return f"const {taken.replace(' as ', ': ')} = modules['{match[2]}'];"

        text = re.sub(
            r"^import (\{[^}]*\}|\* as \w+) from ['\"]\./([\w.]+)['\"];?",
            from_another,
            text,
            flags=re.MULTILINE,
        )
        if left := re.search(r"^(import|export)\b.*$", text, re.MULTILINE):
            raise tools.CannotBuild(f"{folder.name}/{file}: `{left[0]}` is not understood.")
        done[file] = (
            f"modules['{file}'] = (() => {{\n{text}\nreturn {{{', '.join(exported)}}}\n}})();"
        )
        order.append(file)

    order: list[str] = []
    for line in entry.split():
        take(line)
    bodies = "\n".join(done[file] for file in order)
    every = ", ".join(f"...modules['{file}']" for file in entry.split())
    return f"(() => {{ const modules = {{}};\n{bodies}\nconst {{{', '.join(names)}}} = {{{every}}};\nreturn {{{', '.join(names)}}} }})()"


def _own_wheels(course: Course, wheels: dict[str, Wheel]) -> list[Wheel]:
    hashes = one_script(
        tools.npm_packages()["@noble/hashes"],
        "scrypt.js pbkdf2.js sha2.js legacy.js",
        ("scrypt", "pbkdf2", "sha1", "sha256", "sha512"),
    )
    package = course.root / "course"
    files = {
        path.relative_to(course.root).as_posix(): path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {
        "course_tab.py": (TAB / "course_tab.py").read_bytes(),
        "course_tab.js": hashes.encode(),
    }
    path = _own_wheel("jwt-cell-by-cell", "0.1.0", files)
    # What the course imports wherever it is imported; what single lessons need comes with them.
    needs = {"requests", "filelock", "tzdata", "packaging", "ipywidgets", "python-jose", "pyjwt"}
    ours = Wheel("jwt-cell-by-cell", "0.1.0", path, needs, ["course", "course_tab"])
    # Pyodide fetches what the imports of a cell name. What apps import in their turn, an empty package draws in.
    apps = [*sorted(course.snippets.glob("*")), course.snippets]
    empty = _own_wheel("course-apps-need", "0.1.0", {})
    imports = sorted({each.stem for each in apps if each.name != "__pycache__"})
    drawn = set(wheels) & {
        "flask", "flask-jwt-extended", "flask-smorest", "flask-sqlalchemy", "sqlalchemy", "fastapi", "pwdlib", "libpass",
        "python-multipart", "swagger-ui-bundle", "click", "python-jose", "pyjwt", "joserfc", "precis-i18n", "cryptography",
    }  # fmt: skip
    return [ours, Wheel("course-apps-need", "0.1.0", empty, drawn, imports)]


def _complete(wheels: dict[str, Wheel]) -> None:
    """What is imported without being required: by fastapi for forms, by passlib and pwdlib for argon2."""
    for name, more in {
        "fastapi": {"python-multipart"},
        "libpass": {"argon2-cffi"},
        "pwdlib": {"argon2-cffi"},
        "python-jose": {"cryptography"},
        "pyjwt": {"cryptography"},
    }.items():
        if name in wheels:
            wheels[name].needs |= more


def _distribution_lock() -> dict:
    file = tools.npm_packages()["pyodide"] / "pyodide-lock.json"
    return json.loads(file.read_text(encoding="utf-8"))["packages"]


def _may_be_lacking() -> set[str]:
    """What FROM_THE_DISTRIBUTION comes to."""
    lock = _distribution_lock()
    found: set[str] = set()
    waiting = list(FROM_THE_DISTRIBUTION)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += lock[name]["depends"]
    return found


def _from_the_distribution(have: set[str]) -> list[Wheel]:
    """Needs the internet. The names and hashes are those of npm's package, which package-lock.json pins."""
    lock = _distribution_lock()
    package = tools.npm_packages()["pyodide"] / "package.json"
    version = json.loads(package.read_text(encoding="utf-8"))["version"]
    store = tools.cache_folder("distribution")
    found = []
    for name in sorted(_may_be_lacking() - have):
        entry = lock[name]
        path = store / entry["file_name"]
        if not path.exists():
            url = CDN.format(version, entry["file_name"])
            try:
                with urllib.request.urlopen(url, timeout=120) as answer:
                    raw = answer.read()
            except OSError as error:
                raise tools.CannotBuild(
                    f"{url} cannot be fetched: {error}. Is there internet? Without --distribution the site is "
                    f"built, and the cells that need {', '.join(FROM_THE_DISTRIBUTION)} stay prose."
                ) from error
            if hashlib.sha256(raw).hexdigest() != entry["sha256"]:
                raise tools.CannotBuild(f"{url} is not the file that npm's lock file names.")
            path.write_bytes(raw)
        needs = {canonicalize_name(each) for each in entry["depends"]}
        found.append(Wheel(name, entry["version"], path, needs, entry["imports"]))
    return found


def imports_of(path: Path) -> list[str]:
    """The top names that a wheel has."""
    with zipfile.ZipFile(path) as wheel:
        return sorted(
            {
                name.split("/")[0].split(".")[0]
                for name in wheel.namelist()
                if name.endswith((".py", ".so")) and not re.match(r"[^/]+\.(dist-info|data)/", name)
            }
        )


def kernel_wheels() -> list[Wheel]:
    """What the kernel of JupyterLite brings along: it stands in place of ipykernel, piplite of pip."""
    import sysconfig

    folder = (
        Path(sysconfig.get_path("data"))
        / "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
    )
    found = []
    for path in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            name = next(each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
            said = email.message_from_bytes(wheel.read(name))
        needs = {
            canonicalize_name(requirement.name)
            for each in said.get_all("Requires-Dist") or []
            if (requirement := Requirement(each)).marker is None
            or requirement.marker.evaluate(TAB_PYTHON)
        }
        found.append(Wheel(canonicalize_name(said["Name"]), said["Version"], path, needs))
    return found


def with_byte_code(wheels: list[Wheel]) -> list[Path]:
    """Each wheel with byte code, made by the very Python that will run it. What was made before is taken from the cache."""
    pyodide = tools.npm_packages()["pyodide"]
    store = tools.cache_folder("byte-code")
    made, jobs = [], []
    for wheel in wheels:
        folder = (
            store / hashlib.sha256(f"{pyodide}{tools.sha256(wheel.path)}".encode()).hexdigest()[:16]
        )
        folder.mkdir(exist_ok=True)
        made.append(folder / wheel.path.name)
        if not made[-1].exists():
            jobs.append([str(wheel.path), str(made[-1])])
    if jobs:
        run_node("byte_code.mjs", str(pyodide), input_text=json.dumps(jobs))
    return made


def run_node(script: str, *arguments: str, input_text: str = "") -> str:
    """Run a script of ``edition/tab/`` in Node; what it prints.

    Raises:
        CannotBuild: if it fails, with what it says.
    """
    command = [tools.node(), "--no-warnings", str(TAB / script), *arguments]
    done = subprocess.run(
        command, input=input_text, capture_output=True, text=True, encoding="utf-8", timeout=1800
    )
    if done.returncode:
        raise tools.CannotBuild(f"{script} failed:\n{(done.stderr or done.stdout)[-3000:]}")
    return done.stdout


def write_lock(wheels: list[Wheel], files: list[Path], folder: Path) -> None:
    """Pyodide, the wheels, and a lock file of them: all that the kernel fetches."""
    pyodide = tools.npm_packages()["pyodide"]
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
        shutil.copy(pyodide / name, folder / name)
    names = {wheel.name for wheel in wheels}
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = {}
    for wheel, path in zip(wheels, files, strict=True):
        shutil.copy(path, folder / path.name)
        lock["packages"][wheel.name] = {
            "name": wheel.name,
            "version": wheel.version,
            "file_name": path.name,
            "install_dir": "site",
            "sha256": tools.sha256(path),
            "package_type": "package",
            "imports": imports_of(wheel.path) if wheel.imports is None else wheel.imports,
            "depends": sorted(wheel.needs & names),
            "unvendored_tests": False,
        }
    (folder / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
