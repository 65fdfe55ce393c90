/** The layer rule: hosts → app → engine → platform; all of them may know the contract; the renderer knows only the contract. */
const layer = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
})

export default {
  forbidden: [
    layer(
      'platform-knows-nothing-above',
      '^src-main/platform',
      '^src-main/(engine|app|hosts|workers)',
      'platform is what any desktop program needs',
    ),
    layer(
      'engine-knows-only-platform',
      '^src-main/engine',
      '^src-main/(app|hosts|workers)',
      'the engine does not know who uses it',
    ),
    layer(
      'app-does-not-know-hosts',
      '^src-main/app',
      '^src-main/(hosts|workers)',
      'one app behind three doors',
    ),
    layer(
      'workers-know-engine-and-platform',
      '^src-main/workers',
      '^src-main/(app|hosts)',
      'a worker is an entry point into the engine',
    ),
    layer(
      'renderer-knows-only-the-contract',
      '^src-renderer',
      '^(src-main|src-preload/(?!contract))',
      'the renderer talks over the contract',
    ),
    layer('main-does-not-know-the-renderer', '^src-(main|preload)', '^src-renderer', ''),
    layer('contract-stands-alone', '^src-preload/contract', '^src-(main|renderer)', ''),
    layer(
      'ui-knows-no-domain',
      '^src-renderer/ui',
      '^src-renderer/(features|transport)',
      'ui has no knowledge of the domain',
    ),
    {
      name: 'only-the-electron-host-knows-electron',
      severity: 'error',
      from: { pathNot: '^(src-main/hosts/electron|src-preload/bridge\\.ts|test)' },
      to: { path: '^(node_modules/)?electron(/|$)' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['^src-main/(hosts|workers)/', '^src-preload/bridge', '\\.d\\.ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
}
