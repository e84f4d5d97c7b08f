/** A row of `/proc/net/tcp` or `tcp6`. Addresses of IPv4 in its usual form, also where IPv6 wraps it. */
export interface TcpConnection {
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  /** The kernel's number: 1 is established, 2 has no answer yet, 6 is ended and not yet forgotten, 10 listens. */
  state: number;
}

export const established = 1;
export const unanswered = 2;
export const listening = 10;

const row =
  /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2}) /;

/** The connections in a table of the kernel. Lines that are none are left out. */
export function parseTcpTable(text: string): TcpConnection[] {
  return text.split('\n').flatMap((line) => {
    const [, local, localPort, remote, remotePort, state] = row.exec(line) ?? [];
    if (!local || !localPort || !remote || !remotePort || !state) return [];
    return [
      {
        localAddress: addressOf(local),
        localPort: Number.parseInt(localPort, 16),
        remoteAddress: addressOf(remote),
        remotePort: Number.parseInt(remotePort, 16),
        state: Number.parseInt(state, 16),
      },
    ];
  });
}

/** Written as words of four bytes, each with its lowest byte first. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return dotted(bytes);
  const text = bytes.join('').toLowerCase();
  if (text.startsWith(`${'0'.repeat(20)}ffff`)) return dotted(bytes.slice(12));
  return (text.match(/.{4}/g) ?? []).join(':');
}

function dotted(bytes: string[]): string {
  return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '0000:0000:0000:0000:0000:0000:0000:0001';
}
