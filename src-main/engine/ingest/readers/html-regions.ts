/** Which parts of a page are read: what is navigation and decoration, and what the page says is its content. */

type Attributes = Readonly<Record<string, string>>

const skippedElements = new Set(
  (
    'script style noscript template svg nav aside footer iframe object canvas audio video map button select textarea ' +
    'dialog'
  ).split(' '),
)
const skippedRoles = new Set(
  'navigation search banner contentinfo complementary menu menubar toolbar alert'.split(' '),
)
/**
 * What Sphinx, MkDocs, Docusaurus, DocBook, Doxygen, Javadoc, Texinfo, MediaWiki, WordPress and Bootstrap call links to a
 * heading and navigation.
 */
const skippedClasses = new Set(
  (
    'headerlink anchor-link hash-link mark related sphinxsidebar footer toc-backref clearer breadcrumb breadcrumbs ' +
    'mw-editsection noprint navbox navheader navfooter nav-panel toc skip-link visually-hidden sr-only ' +
    'nav navbar navigation main-navigation sidebar pagination pager site-header site-footer page-footer cookie-banner ' +
    'share-buttons social-links'
  ).split(' '),
)
const skippedIds = new Set(
  'nav navbar navigation sidebar breadcrumb breadcrumbs toc footer site-footer cookie-banner'.split(' '),
)
const contentIds = new Set(
  'content main main-content maincontent bodycontent mw-content-text article post apicontent'.split(' '),
)
const contentClasses = new Set(
  (
    'main-content post-content entry-content article-body article-content markdown-body theme-doc-markdown md-content ' +
    'rst-content document-content'
  ).split(' '),
)

export function isSkipped(name: string, attributes: Attributes): boolean {
  const role = attributes['role']
  // Books have their notes in asides.
  if (name === 'aside' && /note/.test(attributes['epub:type'] ?? role ?? '')) return false
  if (skippedElements.has(name)) return true
  if (role !== undefined && skippedRoles.has(role)) return true
  if (attributes['hidden'] !== undefined || attributes['aria-hidden'] === 'true') return true
  const id = attributes['id']
  // A heading may be called so, for links to it.
  if (id !== undefined && (name === 'div' || name === 'ul') && skippedIds.has(id.toLowerCase())) return true
  const classes = attributes['class']
  if (classes === undefined || classes === '' || name === 'body' || name === 'html') return false
  // Texinfo calls the line above the text so; mdBook calls links within headings so.
  return classesOf(classes).isSkipped || (name === 'div' && classes === 'header')
}

/** `main`: the page says so by a standard. `content`: by a name that many pages use for it. */
export function contentKind(name: string, attributes: Attributes): 'main' | 'content' | undefined {
  if (name === 'main' || attributes['role'] === 'main') return 'main'
  if (name === 'article' || attributes['itemprop'] === 'articleBody') return 'content'
  const id = attributes['id']
  if (id !== undefined && contentIds.has(id.toLowerCase()) && !/^h\d$/.test(name)) return 'content'
  const classes = attributes['class']
  return classes !== undefined && classes !== '' && classesOf(classes).isContent ? 'content' : undefined
}

interface ClassMeaning {
  readonly isSkipped: boolean
  readonly isContent: boolean
}

/** A page uses few values of `class`, each many times. */
const known = new Map<string, ClassMeaning>()

function classesOf(classes: string): ClassMeaning {
  let meaning = known.get(classes)
  if (meaning === undefined) {
    const names = classes.toLowerCase().split(/\s+/)
    meaning = {
      isSkipped: names.some((each) => skippedClasses.has(each)),
      isContent: names.some((each) => contentClasses.has(each)),
    }
    if (known.size >= 10_000) known.clear()
    known.set(classes, meaning)
  }
  return meaning
}
