// One section of a lesson becomes as many slides as it needs: a step that leaves the slide begins the next one.
const HIGH = 690
const probe = document.createElement('div')
probe.className = 'reveal'
probe.style.cssText = 'position:absolute;visibility:hidden;width:1280px;height:auto;left:0;top:0;overflow:visible'
probe.innerHTML = '<div class="slides" style="position:static;width:1280px;height:auto;display:block"></div>'
document.body.append(probe)

function height(slide) {
    probe.firstChild.append(slide)
    slide.style.cssText = 'display:block;position:static;width:1280px'
    const high = slide.getBoundingClientRect().height
    slide.remove()
    slide.style.cssText = ''
    return high
}

const headOf = section => section.querySelector('h1,h2')

function slideWith(section, ...steps) {
    const slide = document.createElement('section')
    slide.append(headOf(section).cloneNode(true), ...steps)
    return slide
}

// Prose that is too high for any slide is taken apart, paragraph by paragraph.
function takeApart(section) {
    for (const step of [...section.querySelectorAll(':scope > .step:not(.output):not(.break)')]) {
        const mark = document.createComment('')
        step.replaceWith(mark)
        const high = height(slideWith(section, step)) > HIGH
        mark.replaceWith(step)
        if (high && step.children.length > 1) {
            step.replaceWith(...[...step.children].map(part => {
                const own = document.createElement('div')
                own.className = 'step'
                own.append(part)
                return own
            }))
        }
    }
}

function pack(section) {
    takeApart(section)
    const slides = []
    let now
    const open = (...steps) => slides.push(now = slideWith(section, ...steps))
    open()
    for (const step of [...section.querySelectorAll(':scope > .step')]) {
        if (step.classList.contains('break')) {
            if (now.children.length > 1) open()
            continue
        }
        const before = now.lastElementChild
        now.append(step)
        if (height(now) > HIGH && now.children.length > 2) {
            // A cell and its output stay together where they fit.
            const together = step.classList.contains('output') && now.children.length > 3 ? [before, step] : [step]
            open(...together)
            if (together.length > 1 && height(now) > HIGH) {
                const output = now.lastElementChild
                open(output)
            }
        }
    }
    const kept = slides.filter(slide => slide.children.length > 1 || slide.querySelector('h1'))
    for (const slide of kept) {
        [...slide.children].forEach((step, at) => {
            if (at > 1 || (at === 1 && step.classList.contains('output') && slide !== kept[0])) step.classList.add('fragment')
        })
        for (const fit of ['fit-1', 'fit-2', 'fit-3', 'scrolls']) {
            if (height(slide) <= HIGH) break
            slide.classList.remove('fit-1')
            slide.classList.add(fit)
        }
        if (slide.classList.contains('scrolls')) slide.tabIndex = 0
        slide.append(section.querySelector(':scope > aside.notes').cloneNode(true))
    }
    return kept
}

function start() {
    let column = null
    for (const section of [...document.querySelectorAll('.slides > section')]) {
        const slides = pack(section)
        if (section.dataset.level < 3 || column === null) {
            column = document.createElement('section')
            section.before(column)
        }
        column.append(...slides)
        section.remove()
    }
    for (const only of document.querySelectorAll('.slides > section')) {
        if (only.children.length === 1) only.replaceWith(only.firstChild)
    }
    probe.remove()
    Reveal.initialize({
        width: 1280, height: 720, margin: 0.03, pdfSeparateFragments: false, hash: true, slideNumber: 'c/t', center: false, transition: 'none',
        backgroundTransition: 'none', plugins: [RevealNotes, RevealSearch], totalTime: 60 * Number(document.body.dataset.minutes),
    })
}

Promise.all([...document.images].map(image => image.decode().catch(() => 0))).then(start)
