import * as v from 'valibot';
import { absolutePath, hostFolder, httpUrl, text } from './field.ts';
import { duration } from './quantity.ts';

/** Where the served certificates are and how they are renewed. Runbook: SSL Certificate Renewal. */
export const certificates = v.pipe(
  v.strictObject({
    hostnames: v.optional(
      v.pipe(
        v.array(text('A name that the certificate must be good for.')),
        v.minLength(1, 'at least one name'),
        v.description('The names that the certificate must be good for, the main one first.'),
      ),
      ['hermes.yourdomain.com'],
    ),
    certificateFile: v.optional(
      absolutePath('The chain that the proxy serves, in its container.'),
      '/etc/nginx/ssl/cert.pem',
    ),
    keyFile: v.optional(absolutePath('Its key, in the proxy’s container.'), '/etc/nginx/ssl/key.pem'),
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
  v.transform(({ warnBefore, ...rest }) => ({ ...rest, warnBeforeMs: warnBefore })),
);
