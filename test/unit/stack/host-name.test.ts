import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asciiName } from '../../../src/stack/host-name.ts';
import { parseStack, StackFileError } from '../../../src/stack/parse.ts';

test.each([
  ['hermes.example.com', 'hermes.example.com'],
  ['HERMES.Example.COM', 'hermes.example.com'],
  ['*.example.com', '*.example.com'],
  ['münchen.example', 'xn--mnchen-3ya.example'],
  ['法律.example', 'xn--g4ts90a.example'],
  ['localhost', 'localhost'],
])('%s is the name %s', (text, name) => {
  expect(asciiName(text)).toBe(name);
});

test.each([
  ['hermes..example.com'],
  ['../hermes.example.com'],
  ['hermes example.com'],
  ['hermes.example.com/path'],
  ['hermes.example.com:443'],
  ['user@hermes.example.com'],
  ['*.*.example.com'],
  ['her*mes.example.com'],
  ['-hermes.example.com'],
  ['127.0.0.1'],
  ['[::1]'],
  ['hermes.example.com '],
  ['--config-dir=/tmp'],
  [`${'a'.repeat(64)}.example.com`],
  [''],
])('%j is no name', (text) => {
  expect(asciiName(text)).toBeUndefined();
});

test('whatever passes is a plain name of the DNS: nothing in it is an option, a path or a second word', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const name = asciiName(text);
      return name === undefined || /^(?:\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name);
    }),
  );
});

const failure = (yaml: string): string => {
  try {
    parseStack(yaml);
    return '';
  } catch (error) {
    if (error instanceof StackFileError) return error.message;
    throw error;
  }
};

test('a stack file with a name that is none says which, and where', () => {
  expect(failure('certificates: {hostnames: [good.example.com, bad..example.com]}')).toMatch(
    /hermes\.yaml:1:\d+ certificates\.hostnames\.1.*bad\.\.example\.com.*a host name such as/s,
  );
});

test('a wildcard wants dns-01, and dns-01 wants a plugin', () => {
  expect(failure("certificates: {hostnames: ['*.example.com']}")).toContain(
    'dns-01, since hostnames has a wildcard',
  );
  expect(failure('certificates: {challenge: dns-01}')).toContain('dns.plugin, for dns-01');
  expect(
    parseStack("certificates: {hostnames: ['*.example.com'], challenge: dns-01, dns: {plugin: rfc2136}}")
      .certificates.pairs,
  ).toEqual([
    expect.objectContaining({
      lineage: 'example.com',
      keyType: 'ecdsa',
      certificateFile: '/etc/nginx/ssl/cert.pem',
    }),
  ]);
});

test('a second pair has a lineage of its own', () => {
  const { pairs } = parseStack(
    'certificates: {additionalPairs: [{keyType: rsa, certificateFile: /etc/nginx/ssl/rsa.pem, keyFile: /etc/nginx/ssl/rsa-key.pem}]}',
  ).certificates;
  expect(pairs.map(({ keyType, lineage }) => [keyType, lineage])).toEqual([
    ['ecdsa', 'hermes.yourdomain.com'],
    ['rsa', 'hermes.yourdomain.com-rsa'],
  ]);
});
