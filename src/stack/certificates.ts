import * as v from 'valibot';
import { duration } from './quantity.ts';

/** Where the served certificates are and how they are renewed. Runbook: SSL Certificate Renewal. */
export const certificates = v.pipe(
  v.strictObject({
    hostnames: v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1)), [
      'hermes.yourdomain.com',
    ]),
    certificateFile: v.optional(v.string(), '/etc/nginx/ssl/cert.pem'),
    keyFile: v.optional(v.string(), '/etc/nginx/ssl/key.pem'),
    letsencryptDirectory: v.optional(v.string(), '/etc/letsencrypt'),
    challenge: v.optional(v.picklist(['http-01', 'dns-01', 'standalone']), 'http-01'),
    acmeServer: v.optional(v.pipe(v.string(), v.url()), 'https://acme-v02.api.letsencrypt.org/directory'),
    email: v.optional(v.string()),
    renewAtLifetimeLeft: v.optional(v.pipe(v.number(), v.minValue(0.05), v.maxValue(0.9)), 1 / 3),
    warnBefore: v.optional(v.array(duration), ['21d', '14d', '7d']),
  }),
  v.transform(({ warnBefore, ...rest }) => ({ ...rest, warnBeforeMs: warnBefore })),
);
