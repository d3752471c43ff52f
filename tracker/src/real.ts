/** What a page's names cannot hide: `<img name=referrer>` stands for `document.referrer`, and so with all that a document or a form has. */

/** Read a property of the document as browsers mean it. */
export const real = <Name extends keyof Document>(name: Name): Document[Name] => Reflect.get(Document.prototype, name, document)
