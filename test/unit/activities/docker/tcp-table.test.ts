import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customersOn } from '../../../../src/activities/docker/connections.ts';
import { parseTcpTable } from '../../../../src/activities/docker/tcp-table.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 6453141 1 000000005d5065b3 100 0 0 10 0
   1: 040015AC:1F40 050015AC:9404 01 00000000:00000000 02:000AFB30 00000000  1000        0 6455008 2 000000003ca20ecb 20 4 30 12 -1
   2: 0100007F:1F40 0100007F:9405 01 00000000:00000000 02:000AFB30 00000000  1000        0 6455008 2 000000003ca20ecb 20 4 30 12 -1
   3: 040015AC:C1A2 030015AC:1538 01 00000000:00000000 00:00000000 00000000  1000        0 6455011 1 000000008a30709d 20 4 20 16 -1
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF0000040015AC:1F40 0000000000000000FFFF0000060015AC:9404 01 00000000:00000000 02:000AFB30 00000000  1000        0 1 2 x 20 4 30 12 -1
   1: B80D01200000000000000000010000A0:1F40 00000000000000000000000001000000:9404 06 00000000:00000000 02:000AFB30 00000000  1000        0 1 2 x 20 4 30 12 -1
`;

test('the kernel’s tables are read, IPv6 and IPv4 within it too', () => {
  const rows = parseTcpTable(table);
  expect(rows).toHaveLength(6);
  expect(rows[1]).toEqual({
    localAddress: '172.21.0.4',
    localPort: 8000,
    remoteAddress: '172.21.0.5',
    remotePort: 37_892,
    state: 1,
  });
  expect(rows[4]).toMatchObject({ localAddress: '172.21.0.4', remoteAddress: '172.21.0.6' });
  expect(rows[5]).toMatchObject({
    localAddress: '2001:0db8:0000:0000:0000:0000:a000:0001',
    remoteAddress: '0000:0000:0000:0000:0000:0000:0000:0001',
  });
});

test('customers are those on the port from elsewhere: not the health check, the database or who only waits', () => {
  expect(customersOn(parseTcpTable(table), 8000)).toBe(2);
});

test('any text is read without an error', () => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseTcpTable(text))));
});
