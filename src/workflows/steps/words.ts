/** `1 row`, `50,000 rows`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Thousands apart, without a locale: a workflow must replay the same everywhere. */
export function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `64.2 MiB`. */
export function spokenSize(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? 'bytes'}`;
}
