import { writeFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

interface Content {
  name: string;
  data: Buffer;
  packed?: boolean;
}

/** Writes a zip archive as the tools for wheels do: local headers, contents, central directory, end record. */
export function writeZip(path: string, contents: readonly Content[]): void {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, packed = true } of contents) {
    const body = packed ? deflateRawSync(data) : data;
    const local = Buffer.alloc(30 + name.length + 4);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(packed ? 8 : 0, 8);
    local.writeUInt16LE(name.length, 26);
    // An extra field of the local header alone: the content starts later than the central directory would tell.
    local.writeUInt16LE(4, 28);
    local.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(packed ? 8 : 0, 10);
    entry.writeUInt32LE(body.length, 20);
    entry.writeUInt32LE(data.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    entry.write(name, 46);
    parts.push(local, body);
    directory.push(entry);
    at += local.length + body.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(contents.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  writeFileSync(path, Buffer.concat([...parts, list, end]));
}
