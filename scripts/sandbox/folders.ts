import { join, resolve } from 'node:path';
import { projectRoot } from '../project.ts';

/** The folder with the sandbox's compose file, images and schema. */
export const sandboxSources = join(projectRoot, 'sandbox');

/** The files of one sandbox: its env file, certificates, proxy configuration and ACME webroot. */
export interface SandboxFolders {
  root: string;
  envFile: string;
  ssl: string;
  caFile: string;
  /** What customers trust where certificates come from two authorities: the sandbox's own, and Pebble. */
  trustFile: string;
  /** Pebble's own certificate and key, and the roots that it has made. */
  authority: string;
  /** certbot's account and certificates. */
  letsencrypt: string;
  /** Where a person puts a certificate to have it installed. */
  incoming: string;
  nginx: string;
  nginxConf: string;
  webroot: string;
}

/** Where a sandbox keeps its files. Throws when the project's name cannot be one. */
export function sandboxFolders(stateDirectory: string, project: string): SandboxFolders {
  if (!/^[a-z0-9][a-z0-9_-]{0,40}$/.test(project))
    throw new Error(
      `project is ${JSON.stringify(project)}: expected small letters, digits, - and _, 41 at most`,
    );
  const root = resolve(stateDirectory, 'sandbox', project);
  return {
    root,
    envFile: join(root, 'env'),
    ssl: join(root, 'ssl'),
    caFile: join(root, 'ca.pem'),
    trustFile: join(root, 'trust.pem'),
    authority: join(root, 'authority'),
    letsencrypt: join(root, 'letsencrypt'),
    incoming: join(root, 'incoming'),
    nginx: join(root, 'nginx'),
    nginxConf: join(root, 'nginx', 'nginx.conf'),
    webroot: join(root, 'webroot'),
  };
}
