import { expect, test } from 'vitest';
import { authorityIn, authorityVariables } from '../../../../scripts/sandbox/authority.ts';
import { sandboxFolders } from '../../../../scripts/sandbox/folders.ts';

const folders = sandboxFolders('/state', 'hermes');

test('a sandbox that was started with an authority is found with it', () => {
  const variables = authorityVariables({ authority: 'pebble:1', certbot: 'certbot:1' });
  expect(authorityIn(variables, 'hermes', folders)).toMatchObject({
    container: 'hermes-authority',
    certbotImage: 'certbot:1',
    caFile: '/state/sandbox/hermes/ca.pem',
  });
});

test('a sandbox that was started without one has none', () => {
  expect(authorityIn({ HERMES_NGINX_IMAGE: 'nginx:1' }, 'hermes', folders)).toBeUndefined();
});
