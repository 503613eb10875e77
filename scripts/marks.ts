/**
 * A page with what stands between `<!-- name: … -->` and `<!-- /name -->` replaced.
 * @throws when the marks are gone
 */
export function betweenMarks(page: string, name: string, text: string): string {
  const marks = new RegExp(`(<!-- ${name}:[^>]*-->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!marks.test(page)) throw new Error(`the page has lost the marks around its ${name}`);
  return page.replace(marks, (_, open: string, close: string) => {
    return `${open}\n${text.trim()}\n\n${close}`;
  });
}
