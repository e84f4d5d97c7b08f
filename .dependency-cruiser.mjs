// The directions of a dependency. Type-only imports look like any other here: where only the types of something may be
// used, those types stand in a folder of their own (src/activities/contract).

/** Everything under `from` may import only itself and what is listed. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|scripts|test)/', pathNot: [from, ...allowed] },
});

const pure = ['^src/stack/', '^src/problem\\.ts$'];
const names = [...pure, '^src/procedures/', '^src/scaling/'];

export default {
  forbidden: [
    only('stack-is-pure', '^src/stack/', ['^src/problem\\.ts$'], 'The stack file knows nothing of the rest.'),
    only('procedures-are-definitions', '^src/procedures/', pure, 'Names, words and input schemas only.'),
    only('scaling-is-pure', '^src/scaling/', pure, 'From looks to a number, touching nothing.'),
    only('diagnosis-is-pure', '^src/diagnosis/', pure, 'From facts to causes, touching nothing.'),
    only(
      'workflows-are-deterministic',
      '^src/workflows/',
      [...names, '^src/diagnosis/', '^src/activities/contract/', '^src/temporal/search-attributes\\.ts$'],
      'Of activities only the types, which stand in src/activities/contract.',
    ),
    only(
      'contract-is-types',
      '^src/activities/contract/',
      names,
      'What activities take and give, nothing that runs.',
    ),
    only(
      'activities-know-no-workflow',
      '^src/activities/',
      [...names, '^src/diagnosis/', '^src/temporal/'],
      'An activity is a face of one outside system.',
    ),
    only('temporal-stands-alone', '^src/temporal/', ['^src/problem\\.ts$'], 'Finding, starting, connecting.'),
    only(
      'client-starts-and-asks',
      '^src/client/',
      [...names, '^src/workflows/', '^src/temporal/'],
      'The one way to start, watch and answer a run. Of workflows only the types.',
    ),
    only(
      'worker-serves',
      '^src/worker/',
      [
        ...names,
        '^src/activities/',
        '^src/workflows/',
        '^src/temporal/',
        '^src/client/',
        '^src/diagnosis/',
        '^src/environment\\.ts$',
      ],
      'The process that registers and runs everything.',
    ),
    only(
      'cli-goes-through-the-client',
      '^src/cli/',
      [
        ...names,
        '^src/client/',
        '^src/temporal/',
        '^src/worker/',
        '^src/gateway/',
        '^src/workflows/steps/(status|answer|question)\\.ts$',
        '^src/environment\\.ts$',
      ],
      'Commands start, watch and answer runs through src/client.',
    ),
    only(
      'gateway-goes-through-the-client',
      '^src/gateway/',
      [
        ...names,
        '^src/client/',
        '^src/temporal/',
        '^src/workflows/steps/(status|answer|question)\\.ts$',
        '^src/environment\\.ts$',
      ],
      'Alerts and links start and answer runs through src/client.',
    ),
    {
      name: 'the-product-stands-alone',
      comment: 'Nothing in src needs scripts, tests or what only they install.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/temporal/sdk-download\\.ts$' },
      to: { path: ['^scripts/', '^test/', '^sandbox/'] },
    },
    {
      name: 'scripts-need-no-tests',
      severity: 'error',
      from: { path: '^scripts/' },
      to: { path: '^test/' },
    },
    {
      name: 'declared',
      comment: 'Every package that is imported stands in package.json.',
      severity: 'error',
      from: { path: '^(src|scripts)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
