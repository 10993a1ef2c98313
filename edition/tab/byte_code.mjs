// byte_code.mjs PYODIDE < [[from, to], ...]: wheels with byte code beside their sources, made by the Python that will run them
import fs from 'node:fs'
import path from 'node:path'
import {pathToFileURL} from 'node:url'

process.on('uncaughtException', error => { console.error(error.message); process.exit(1) })
const pyodide = process.argv[2]
const {loadPyodide} = await import(pathToFileURL(path.join(pyodide, 'pyodide.mjs')))
const py = await loadPyodide({indexURL: pyodide + path.sep})
const compile = py.runPython(`
import importlib._bootstrap_external as external
import importlib.util
import io
import warnings
import zipfile

warnings.simplefilter("ignore")
DATE = (2020, 2, 2, 0, 0, 0)


def with_byte_code(raw):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw.to_bytes())) as wheel, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in wheel.namelist():
            content = wheel.read(name)
            add(new, name, content)
            if name.endswith(".py") and ".data/" not in name and "/tests/" not in name and "third_party" not in name:
                try:
                    code = compile(content, "/lib/python3.14/site-packages/" + name, "exec", dont_inherit=True)
                # Some wheels carry files for another Python.
                except SyntaxError:
                    continue
                folder, _, file = name.rpartition("/")
                place = f"{folder}/__pycache__/" if folder else "__pycache__/"
                byte_code = external._code_to_hash_pyc(code, importlib.util.source_hash(content), False)
                add(new, place + file[:-3] + ".cpython-314.pyc", bytes(byte_code))
    return made.getvalue()


def add(wheel, name, content):
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(entry, content)


with_byte_code
`)
for (const [from, to] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    const made = compile(new Uint8Array(fs.readFileSync(from)))
    fs.writeFileSync(to + '.part', made.toJs())
    fs.renameSync(to + '.part', to)
    made.destroy()
}
process.exit(0)
