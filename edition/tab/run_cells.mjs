// run_cells.mjs PYODIDE FILES < [[name, [source, ...]], ...]: each notebook in a kernel of its own, the one that JupyterLite starts
// in a tab. Prints {name: [outputs of each cell, ...]} as JSON.
import fs from 'node:fs'
import path from 'node:path'
import {pathToFileURL} from 'node:url'

process.on('uncaughtException', error => { console.error(error.message); process.exit(1) })
const [pyodide, files] = process.argv.slice(2).map(folder => path.resolve(folder) + path.sep)
const {loadPyodide} = await import(pathToFileURL(pyodide + 'pyodide.mjs'))
const packages = ['micropip', 'ipykernel', 'comm', 'pyodide-kernel', 'jedi', 'ipython']
const plain = value => value?.toJs ? value.toJs({dict_converter: Object.fromEntries}) : value

async function run(sources) {
    const quiet = () => {}
    const py = await loadPyodide({indexURL: pyodide, packageBaseUrl: pyodide, stdout: quiet, stderr: quiet, packages})
    py.FS.mkdirTree('/drive')
    py.FS.mount(py.FS.filesystems.NODEFS, {root: files}, '/drive')
    await py.runPythonAsync('import pyodide_kernel, os; os.chdir("/drive/my_work")')
    const kernel = py.globals.get('pyodide_kernel').kernel_instance
    const {stdout_stream, stderr_stream} = py.globals.get('pyodide_kernel')
    const {interpreter} = kernel
    let outputs = []
    const stream = (name, text) => outputs.push({output_type: 'stream', name, text})
    interpreter.send_comm = quiet
    stdout_stream.publish_stream_callback = stderr_stream.publish_stream_callback = stream
    interpreter.display_pub.display_data_callback = data => outputs.push({output_type: 'display_data', data: plain(data)})
    interpreter.display_pub.clear_output_callback = interpreter.display_pub.update_display_data_callback = quiet
    interpreter.displayhook.publish_execution_result = (_, data) => outputs.push({output_type: 'execute_result', data: plain(data)})
    const all = []
    for (const source of sources) {
        outputs = []
        let answer
        try {
            answer = plain(await kernel.run(source))
        } catch (error) {
            answer = {status: 'error', ename: 'the kernel', evalue: String(error).slice(-500)}
        }
        if (answer.status === 'error') outputs.push({output_type: 'error', ename: answer.ename, evalue: answer.evalue})
        all.push(outputs)
    }
    return all
}

const made = {}
for (const [name, sources] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    try {
        made[name] = await run(sources)
    } catch (error) {
        made[name] = [[{output_type: 'error', ename: 'the kernel', evalue: String(error).slice(-800)}]]
    }
}
fs.writeSync(1, JSON.stringify(made))
process.exit(0)
