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
// On a phone there is room for the notebook alone.
if (matchMedia('(max-width: 760px)').matches) {
    for (const link of document.querySelectorAll('a.edition-run')) {
        link.href = link.href.replace('/lite/lab/index.html', '/lite/notebooks/index.html')
    }
}
// What scrolls sideways can be scrolled with the keyboard, too.
for (const box of document.querySelectorAll('.bd-article-container div[style*="overflow-x:auto"]')) {
    if (box.scrollWidth > box.clientWidth) {
        box.tabIndex = 0
        box.setAttribute('role', 'group')
        box.setAttribute('aria-label', 'A table that scrolls sideways')
    }
}
