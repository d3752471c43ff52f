// Asks MkDocs' own index, which works in a thread of its own once somebody looks for something.
const root = document.currentScript.dataset.root
const field = document.querySelector('input[type=search]')
const list = document.querySelector('#found')
let worker
let ready = false

function start() {
  if (worker) return
  worker = new Worker(`${root}search/worker.js`)
  worker.onmessage = ({ data }) => {
    if (data.allowSearch) {
      ready = true
      ask()
    } else if (data.results && field.value) show(data.results)
  }
  worker.postMessage({ init: true })
}

// Words alone, each as it is and as a beginning: signs would be read as a language of queries.
function ask() {
  const words = field.value.match(/[\p{L}\p{N}_]+/gu) ?? []
  if (words.length === 0) list.replaceChildren()
  else if (ready) worker.postMessage({ query: words.map((word) => `${word} ${word}*`).join(' ') })
}

function show(results) {
  const some = results.slice(0, 12).map(entry)
  list.replaceChildren(...(some.length > 0 ? some : ['Nothing found.']))
}

function entry({ location, title, summary }) {
  const link = document.createElement('a')
  link.href = root + location
  const [name, page, text] = ['b', 'small', 'span'].map((tag) => document.createElement(tag))
  name.textContent = title
  page.textContent = location.replace(/\.html.*|\/index.*/, '')
  text.textContent = summary
  link.append(name, ' ', page, text)
  return link
}

field.addEventListener('focus', start)
field.addEventListener('input', ask)
field.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    field.value = ''
    ask()
  } else if (event.key === 'Enter') list.querySelector('a')?.click()
})
// Browsers give pages that are opened as files no threads.
field.hidden = location.protocol === 'file:'
