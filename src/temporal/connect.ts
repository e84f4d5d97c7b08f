import { loadClientConnectConfig } from '@temporalio/envconfig';

/** What both of the SDK's connections (client's and worker's) take. */
export interface TemporalConnectionOptions {
  address: string;
  tls?: boolean | TlsFiles;
  apiKey?: string;
  metadata?: Record<string, string>;
}

interface TlsFiles {
  serverNameOverride?: string;
  serverRootCACertificate?: Uint8Array;
  clientCertPair?: { crt: Uint8Array; key: Uint8Array };
}

export type TemporalTarget =
  | { kind: 'configured'; connectionOptions: TemporalConnectionOptions; namespace: string }
  | { kind: 'embedded'; namespace: string };

/**
 * Which Temporal to use: the one that TEMPORAL_ADDRESS or a profile of temporal.toml names, else the embedded server.
 * TLS and API keys come from the same places, as Temporal's own tools read them.
 * Throws an Error when the settings cannot be read or contradict each other.
 */
export function resolveTemporal(environment: NodeJS.ProcessEnv): TemporalTarget {
  const { connectionOptions, namespace = 'default' } = readSettings(environment);
  const { address, tls, apiKey, metadata } = connectionOptions;
  if (address === undefined || address === '') {
    if (apiKey !== undefined || (tls !== undefined && tls !== false))
      throw new Error(
        'Temporal has an API key or TLS settings but no address. ' +
          'Set TEMPORAL_ADDRESS=HOST:PORT, or the address in the profile of temporal.toml.',
      );
    return { kind: 'embedded', namespace };
  }
  return {
    kind: 'configured',
    namespace,
    connectionOptions: {
      address,
      ...(tls === undefined || tls === null ? {} : { tls: tls === true || tls === false ? tls : given(tls) }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata: textOnly(metadata) }),
    },
  };
}

function readSettings(environment: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const variables = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(variables) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The settings for Temporal cannot be used: ${why}. Look at the TEMPORAL_* variables and temporal.toml.`,
      { cause: error },
    );
  }
}

/** Metadata may be binary in the SDK; settings are text. */
function textOnly(metadata: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Drops the keys whose value is undefined, which the SDK's own type does not. */
function given({ serverNameOverride, serverRootCACertificate, clientCertPair }: TlsFiles): TlsFiles {
  return {
    ...(serverNameOverride === undefined ? {} : { serverNameOverride }),
    ...(serverRootCACertificate === undefined ? {} : { serverRootCACertificate }),
    ...(clientCertPair === undefined ? {} : { clientCertPair }),
  };
}
