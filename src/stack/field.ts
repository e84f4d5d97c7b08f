import * as v from 'valibot';

/** Text that says something. */
export const text = (about: string) =>
  v.pipe(v.string(), v.minLength(1, 'text that is not empty'), v.description(about));

/** Text that may stay empty. */
export const note = (about: string) => v.pipe(v.string(), v.description(about));

export const yesOrNo = (about: string) => v.pipe(v.boolean(), v.description(about));

export const port = (about: string) => wholeNumber(about, 1, 65_535);

export const wholeNumber = (about: string, minimum: number, maximum: number) =>
  v.pipe(
    v.number(),
    v.integer('a whole number'),
    v.minValue(minimum, `a number from ${minimum} to ${maximum}`),
    v.maxValue(maximum, `a number from ${minimum} to ${maximum}`),
    v.description(about),
  );

/** A part of a whole: 0.1 is 10 %. */
export const share = (about: string) =>
  v.pipe(
    v.number(),
    v.minValue(0, 'a share from 0 to 1, where 0.1 is 10 %'),
    v.maxValue(1, 'a share from 0 to 1, where 0.1 is 10 %'),
    v.description(about),
  );

export const amount = (about: string) =>
  v.pipe(
    v.number(),
    v.finite('a finite number'),
    v.minValue(0, 'a number of at least 0'),
    v.description(about),
  );

/** A folder on a host. `/` itself and a way out by `..` are refused, and `:`, which Docker's mounts give a meaning. */
export const hostFolder = (about: string) =>
  v.pipe(
    v.string(),
    v.regex(
      /^\/(?!\.\.?(?:\/|$))[^/:\0\n]+(?:\/(?!\.\.?(?:\/|$))[^/:\0\n]+)*\/?$/,
      'an absolute path such as /var/backups/hermes, without .. and without a colon',
    ),
    v.description(about),
  );

/** A path inside a container or on the machine of the worker. */
export const absolutePath = (about: string) =>
  v.pipe(v.string(), v.startsWith('/', 'a path that starts with /'), v.description(about));

export const httpUrl = (about: string) =>
  v.pipe(
    v.string(),
    v.regex(/^https?:\/\//, 'a URL such as https://hermes.example.com'),
    v.url('a URL such as https://hermes.example.com'),
    v.description(about),
  );
