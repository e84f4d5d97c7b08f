import { describe, expect, test } from 'vitest';
import { placeIn } from '../../../../src/activities/certificates/place.ts';

const files = { certificateFile: '/etc/nginx/ssl/cert.pem', keyFile: '/etc/nginx/ssl/key.pem' };
const bind = (source: string, target: string) => ({ type: 'bind', source, target });
const look = (mounts: ReturnType<typeof bind>[], pair = files) => placeIn(mounts, pair, '/etc/letsencrypt');

describe('a pair can be switched', () => {
  test('in a folder that is mounted, or below one', () => {
    const place = { certificate: '/srv/ssl/cert.pem', key: '/srv/ssl/key.pem' };
    expect(look([bind('/srv/ssl', '/etc/nginx/ssl')])).toEqual(place);
    expect(look([bind('/srv', '/etc/nginx')])).toEqual(place);
    expect(look([bind('/elsewhere', '/'), bind('/srv/ssl', '/etc/nginx/ssl')])).toEqual(place);
  });

  test('in a volume', () => {
    expect(
      look([{ type: 'volume', source: '/var/lib/docker/volumes/ssl/_data', target: '/etc/nginx/ssl' }]),
    ).toEqual({
      certificate: '/var/lib/docker/volumes/ssl/_data/cert.pem',
      key: '/var/lib/docker/volumes/ssl/_data/key.pem',
    });
  });
});

describe('a pair cannot be switched, and it says why', () => {
  test.each([
    [
      'a file that is mounted by itself',
      [bind('/srv/cert.pem', files.certificateFile), bind('/srv/key.pem', files.keyFile)],
      'is mounted by itself',
    ],
    [
      'one file that is mounted by itself in a mounted folder',
      [bind('/srv/ssl', '/etc/nginx/ssl'), bind('/srv/key.pem', files.keyFile)],
      'key.pem is mounted by itself',
    ],
    [
      'a copy inside the container',
      [bind('/srv/nginx.conf', '/etc/nginx/nginx.conf')],
      "is in nginx's container itself",
    ],
    [
      'a folder in memory',
      [{ type: 'tmpfs', source: '', target: '/etc/nginx/ssl' }],
      "is in nginx's container itself",
    ],
    [
      'a mount whose name only begins alike',
      [bind('/srv/ssl', '/etc/nginx/ss')],
      "is in nginx's container itself",
    ],
  ])('%s', (_, mounts, why) => {
    expect(look(mounts)).toEqual({
      why: expect.stringContaining(why),
      next: expect.stringContaining('./ssl:/etc/nginx/ssl:ro'),
    });
  });

  test('certificate and key from two mounts', () => {
    const pair = { certificateFile: '/certs/cert.pem', keyFile: '/keys/key.pem' };
    expect(look([bind('/srv/certs', '/certs'), bind('/srv/keys', '/keys')], pair)).toMatchObject({
      why: expect.stringContaining('two mounts'),
    });
  });

  test('the links of certbot itself', () => {
    const pair = { certificateFile: '/le/live/x/fullchain.pem', keyFile: '/le/live/x/privkey.pem' };
    expect(look([bind('/etc/letsencrypt', '/le')], pair)).toMatchObject({
      why: expect.stringContaining('links of certbot'),
    });
  });
});
