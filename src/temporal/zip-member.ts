import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PassThrough, Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** One file of a zip archive, as its central directory describes it. */
export interface ZipMember {
  name: string;
  method: 'stored' | 'deflated';
  packedBytes: number;
  sizeBytes: number;
  /** Where its local header stands in the archive. */
  headerAtByte: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
/** The end record is 22 bytes and may be followed by a comment of 65,535. */
const endRecordBytes = 22;
const longestEndBytes = endRecordBytes + 0xffff;

/** The files of a zip archive. Throws an Error when it is not one, is cut short, or needs zip64 or encryption. */
export async function zipMembers(path: string): Promise<ZipMember[]> {
  const archive = await open(path, 'r');
  try {
    const { size } = await archive.stat();
    const tail = await readAt(archive, Math.max(0, size - longestEndBytes), Math.min(size, longestEndBytes));
    return parseEntries(path, await centralDirectory(path, archive, tail));
  } finally {
    await archive.close();
  }
}

async function centralDirectory(path: string, archive: FileHandle, tail: Buffer): Promise<Buffer> {
  const at = tail.lastIndexOf(signatureBytes(endSignature));
  if (at < 0 || at + endRecordBytes > tail.length)
    throw new Error(`${path} is not a zip archive, or it is cut short.`);
  const lengthBytes = tail.readUInt32LE(at + 12);
  const fromByte = tail.readUInt32LE(at + 16);
  if (fromByte === 0xffffffff) throw new Error(`${path} is a zip64 archive, which is not read here.`);
  return readAt(archive, fromByte, lengthBytes);
}

function parseEntries(path: string, directory: Buffer): ZipMember[] {
  const members: ZipMember[] = [];
  for (let at = 0; at + 46 <= directory.length;) {
    if (directory.readUInt32LE(at) !== entrySignature)
      throw new Error(`The list of files in ${path} is damaged.`);
    const nameBytes = directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + 46, at + 46 + nameBytes);
    if ((directory.readUInt16LE(at + 8) & 1) === 1) throw new Error(`${name} in ${path} is encrypted.`);
    members.push({
      name,
      method: compression(path, name, directory.readUInt16LE(at + 10)),
      packedBytes: directory.readUInt32LE(at + 20),
      sizeBytes: directory.readUInt32LE(at + 24),
      headerAtByte: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return members;
}

/** Unpacks one member into `target`, which must not exist yet, and returns the SHA-256 of what was written. */
export async function unpackMember(path: string, member: ZipMember, target: string): Promise<string> {
  const start = await contentAt(path, member);
  const hash = createHash('sha256');
  let writtenBytes = 0;
  const measured = new PassThrough();
  measured.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    writtenBytes += chunk.length;
  });
  await pipeline(
    packedContent(path, start, member.packedBytes),
    unpacker(member),
    measured,
    createWriteStream(target, { flags: 'wx', mode: 0o600 }),
  );
  if (writtenBytes !== member.sizeBytes)
    throw new Error(`${member.name} in ${path} has ${writtenBytes} bytes, expected ${member.sizeBytes}.`);
  return hash.digest('hex');
}

/** A read stream's end is inclusive: it cannot read nothing. */
function packedContent(path: string, start: number, lengthBytes: number): Readable {
  return lengthBytes === 0
    ? Readable.from([])
    : createReadStream(path, { start, end: start + lengthBytes - 1 });
}

/** The local header's own name and extra field decide where the content starts. */
async function contentAt(path: string, { name, headerAtByte }: ZipMember): Promise<number> {
  const archive = await open(path, 'r');
  try {
    const header = await readAt(archive, headerAtByte, 30);
    if (header.readUInt32LE(0) !== localSignature) throw new Error(`${name} in ${path} is damaged.`);
    return headerAtByte + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await archive.close();
  }
}

function unpacker({ method }: ZipMember): Transform {
  return method === 'stored' ? new PassThrough() : createInflateRaw();
}

function compression(path: string, name: string, code: number): ZipMember['method'] {
  if (code === 0) return 'stored';
  if (code === 8) return 'deflated';
  throw new Error(`${name} in ${path} is packed by method ${code}, which is not read here.`);
}

async function readAt(archive: FileHandle, position: number, lengthBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(lengthBytes);
  const { bytesRead } = await archive.read(buffer, 0, lengthBytes, position);
  if (bytesRead < lengthBytes) throw new Error('The zip archive is cut short.');
  return buffer;
}

function signatureBytes(signature: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return bytes;
}
