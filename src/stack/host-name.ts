import * as v from 'valibot';

const expected = 'a host name such as hermes.example.com, or *.example.com';
const label = '(?!-)[a-z0-9-]{1,63}(?<!-)';
const pattern = new RegExp(`^(?:\\*\\.)?(?:${label}\\.)*${label}$`);

/** A host name, in the letters of the DNS: `münchen.example` becomes `xn--mnchen-3ya.example`. */
export const hostName = (about: string) =>
  v.pipe(
    v.string(expected),
    v.minLength(1, expected),
    v.description(about),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      const name = asciiName(value);
      if (name !== undefined) return name;
      addIssue({ message: expected });
      return NEVER;
    }),
  );

/** The name as the DNS and certificates have it; undefined for what cannot be one. */
export function asciiName(text: string): string | undefined {
  const wildcard = text.startsWith('*.') ? '*.' : '';
  const rest = text.slice(wildcard.length);
  // What has a meaning in an address, or would be left out of it without a word, is not part of a name.
  if (/[\s/?#@:\\%[\]]/.test(rest) || !URL.canParse(`http://${rest}/`)) return undefined;
  const name = `${wildcard}${new URL(`http://${rest}/`).hostname}`;
  const isAddress = /^\d+(?:\.\d+){3}$/.test(name);
  return pattern.test(name) && name.length <= 253 && !isAddress ? name : undefined;
}
