export default {
  title: 'A shop',
  themeConfig: {
    nav: [{ text: 'Guide', link: '/guide/choosing' }, { text: 'Contact', link: '/contact' }],
    sidebar: ['choosing', 'ordering', 'paying', 'returning'].map((page) => ({ text: page, link: `/guide/${page}` })),
  },
}
