import * as v from 'valibot';
import { absolutePath, hostFolder, httpUrl, text } from './field.ts';
import { hostName } from './host-name.ts';
import { duration } from './quantity.ts';

const keyTypes = v.picklist(['ecdsa', 'rsa'], 'ecdsa or rsa');
const lineageName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'a name of certbot’s, such as hermes.example.com'),
  v.check((name) => !name.includes('..'), 'a name without ..'),
  v.description(
    'The name of the lineage: the folder under live/. The first of hostnames where it is left out.',
  ),
);

/** A second certificate beside the first one, for clients that want another kind of key. */
const additionalPair = v.strictObject({
  keyType: v.pipe(keyTypes, v.description('The kind of its key.')),
  certificateFile: absolutePath('The chain that the proxy serves, in its container.'),
  keyFile: absolutePath('Its key, in the proxy’s container.'),
  lineage: v.optional(lineageName),
});

const dns = v.pipe(
  v.strictObject({
    plugin: v.pipe(
      v.string(),
      v.regex(/^[a-z][a-z0-9-]{0,40}$/, 'the name of a plugin, such as cloudflare or route53'),
      v.description(
        'certbot’s plugin without its dns-: cloudflare, route53, rfc2136. certbotImage must have it.',
      ),
    ),
    credentialsFile: v.optional(
      absolutePath('The plugin’s credentials, on the Docker host, for its owner only.'),
    ),
    propagation: v.optional(duration('How long the plugin waits for the DNS to know.')),
  }),
  v.description('Which plugin of certbot proves the names with dns-01.'),
  v.transform(({ propagation, ...rest }) => ({
    ...rest,
    ...(propagation === undefined ? {} : { propagationMs: propagation }),
  })),
);

/** Where the served certificates are and how they are renewed. Runbook: SSL Certificate Renewal. */
export const certificates = v.pipe(
  v.strictObject({
    hostnames: v.optional(
      v.pipe(
        v.array(hostName('A name that the certificate must be good for.')),
        v.minLength(1, 'at least one name'),
        v.maxLength(100, 'at most 100 names'),
        v.description('The names that the certificate must be good for, the main one first.'),
      ),
      ['hermes.yourdomain.com'],
    ),
    certificateFile: v.optional(
      absolutePath('The chain that the proxy serves, in its container.'),
      '/etc/nginx/ssl/cert.pem',
    ),
    keyFile: v.optional(absolutePath('Its key, in the proxy’s container.'), '/etc/nginx/ssl/key.pem'),
    keyType: v.optional(v.pipe(keyTypes, v.description('The kind of key that is ordered.')), 'ecdsa'),
    additionalPairs: v.optional(
      v.pipe(
        v.array(additionalPair),
        v.description('Where nginx serves RSA and ECDSA beside each other: the other pair.'),
      ),
      [],
    ),
    incomingDirectory: v.optional(
      hostFolder('Where a person puts a certificate and its key to have them installed, on the Docker host.'),
      '/var/lib/hermes-ops/certificates',
    ),
    lineage: v.optional(lineageName),
    letsencryptDirectory: v.optional(
      hostFolder('Where certbot keeps its account and certificates, on the Docker host.'),
      '/etc/letsencrypt',
    ),
    challenge: v.optional(
      v.pipe(
        v.picklist(['http-01', 'dns-01', 'standalone']),
        v.description(
          'How the names are proved. http-01 goes through the proxy’s webroot, without an outage.',
        ),
      ),
      'http-01',
    ),
    acmeServer: v.optional(
      httpUrl('The ACME directory of the certificate authority.'),
      'https://acme-v02.api.letsencrypt.org/directory',
    ),
    acmeCaFile: v.optional(
      text('The CA of the authority’s own address, a PEM file, where it is not a public one.'),
    ),
    certbotImage: v.optional(text('The image that certbot runs in. Fetch it beforehand.'), 'certbot/certbot'),
    dns: v.optional(dns),
    email: v.optional(
      v.pipe(
        v.string(),
        v.email('an address such as ops@example.com'),
        v.description('Where the authority writes before a certificate ends.'),
      ),
    ),
    renewAtLifetimeLeft: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0.05, 'a share from 0.05 to 0.9'),
        v.maxValue(0.9, 'a share from 0.05 to 0.9'),
        v.description('Renewed once less than this share of its lifetime is left.'),
      ),
      0.33,
    ),
    warnBefore: v.optional(
      v.pipe(
        v.array(duration('How long before the end.')),
        v.description('When people are told that a served certificate ends, before its end.'),
      ),
      ['21d', '14d', '7d'],
    ),
  }),
  v.description('Certificates: where they are, how they are renewed.'),
  v.forward(
    v.check(
      ({ challenge, hostnames }) =>
        challenge === 'dns-01' || hostnames.every((name) => !name.startsWith('*.')),
      'dns-01, since hostnames has a wildcard',
    ),
    ['challenge'],
  ),
  v.forward(
    v.check(
      ({ challenge, dns: plugin }) => challenge !== 'dns-01' || plugin !== undefined,
      'dns.plugin, for dns-01',
    ),
    ['dns'],
  ),
  v.forward(
    v.check(
      ({ certificateFile, additionalPairs }) =>
        new Set([certificateFile, ...additionalPairs.map((pair) => pair.certificateFile)]).size ===
        additionalPairs.length + 1,
      'each certificateFile once',
    ),
    ['additionalPairs'],
  ),
  v.transform(
    ({ warnBefore, certificateFile, keyFile, keyType, lineage, additionalPairs, hostnames, ...rest }) => {
      const main = lineage ?? (hostnames[0] ?? 'hermes').replace(/^\*\./, '');
      const additional = additionalPairs.map((pair) => ({
        ...pair,
        lineage: pair.lineage ?? `${main}-${pair.keyType}`,
      }));
      return {
        ...rest,
        hostnames,
        warnBeforeMs: warnBefore,
        /** Each certificate that the proxy serves, with its key and certbot's lineage. The first is the main one. */
        pairs: [{ certificateFile, keyFile, keyType, lineage: main }, ...additional],
      };
    },
  ),
);
