// A page that was opened from a folder, without a server, can be read; a lesson cannot run from there.
if (location.protocol === 'file:') {
    for (const link of document.querySelectorAll('a.edition-run')) {
        const note = document.createElement('p')
        note.className = 'edition-note'
        note.textContent = 'To run lessons from this folder, start “python serve.py” in it, and open the address that it prints.'
        link.parentElement.append(note)
        link.remove()
    }
}
