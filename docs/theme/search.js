// Asks MkDocs' own index, which works in a thread of its own, whenever what is looked for changes.
const root = document.currentScript.dataset.root
const field = document.querySelector('input[type=search]')
const list = document.querySelector('#found')
const worker = new Worker(`${root}/search/worker.js`)
let ready = false

// Words alone, each as it is and as a beginning: signs would be read as a language of queries.
function ask() {
  const words = field.value.match(/[\p{L}\p{N}_]+/gu) ?? []
  if (words.length === 0) list.replaceChildren()
  else if (ready) worker.postMessage({ query: words.map((word) => `${word} ${word}*`).join(' ') })
}

function entry({ location, title, summary }) {
  const link = document.createElement('a')
  link.href = `${root}/${location}`
  const [name, page, text] = ['b', 'small', 'span'].map((tag) => document.createElement(tag))
  name.textContent = title
  page.textContent = location.replace(/\.html.*|\/index.*/, '')
  text.textContent = summary
  link.append(name, ' ', page, text)
  return link
}

worker.onmessage = ({ data }) => {
  if (data.allowSearch) {
    ready = true
    ask()
  } else if (data.results && field.value) {
    const some = data.results.slice(0, 12).map(entry)
    list.replaceChildren(...(some.length ? some : ['Nothing found.']))
  }
}
worker.postMessage({ init: true })
field.addEventListener('input', ask)
field.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    field.value = ''
    ask()
  } else if (event.key === 'Enter') list.querySelector('a')?.click()
})
