// Runs in the page, which the tests look at from outside: plain JavaScript, as nothing compiles it.

globalThis.pageChecks = {
  /** What has the focus, and whether that is to be seen. */
  focused() {
    const element = document.activeElement;
    if (element === null || element === document.body) return undefined;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return {
      name: element.getAttribute('aria-label') ?? element.textContent ?? '',
      isSeen: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
    };
  },

  /** Pixels that the page, and each table that is shown, is wider than there is room for. */
  tooWide() {
    const { scrollWidth, clientWidth } = document.documentElement;
    const tables = [...document.querySelectorAll('.table')].filter((table) => table.checkVisibility());
    return {
      width: clientWidth,
      page: scrollWidth - clientWidth,
      tables: tables.map((table) => table.scrollWidth - table.clientWidth),
    };
  },

  /** How light the ground is, and texts with a contrast below that of WCAG 2 AA. */
  contrasts() {
    const faint = [...document.body.querySelectorAll('*')].flatMap((element) => {
      const text = [...element.childNodes]
        .filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
        .map(({ textContent }) => textContent.trim())
        .join('');
      if (text === '' || !element.checkVisibility() || ['SCRIPT', 'STYLE'].includes(element.tagName))
        return [];
      const { color, fill } = getComputedStyle(element);
      const isDrawn = element.namespaceURI.endsWith('svg');
      const both = [lightness(isDrawn ? fill : color), lightness(groundOf(element))];
      const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
      return contrast < 4.5 ? [`${contrast.toFixed(2)}: ${text}`] : [];
    });
    return { ground: lightness(groundOf(document.body)), faint };
  },
};

function channels(color) {
  return (color.match(/[\d.]+/g) ?? []).map(Number);
}

/** Relative luminance. */
function lightness(color) {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function groundOf(element) {
  if (element === null) return 'rgb(255, 255, 255)';
  const { backgroundColor } = getComputedStyle(element);
  return channels(backgroundColor)[3] === 0 ? groundOf(element.parentElement) : backgroundColor;
}
