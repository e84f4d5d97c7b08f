/** Takes a container's multiplexed output apart: 8 bytes of header, then a chunk of stdout or stderr. */
export function demultiplex(raw: Buffer): { stdout: string; stderr: string } {
  const parts: { 1: Buffer[]; 2: Buffer[] } = { 1: [], 2: [] };
  for (let offset = 0; offset + 8 <= raw.length;) {
    const length = raw.readUInt32BE(offset + 4);
    const chunk = raw.subarray(offset + 8, offset + 8 + length);
    parts[raw[offset] === 2 ? 2 : 1].push(chunk);
    offset += 8 + length;
  }
  return {
    stdout: Buffer.concat(parts[1]).toString('utf8'),
    stderr: Buffer.concat(parts[2]).toString('utf8'),
  };
}
