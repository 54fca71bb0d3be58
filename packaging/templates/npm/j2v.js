#!/usr/bin/env node
// Starts the binary of this platform. It comes in a package of its own, one of the optional dependencies: npm installs
// the one that fits and checks it against the lockfile, and no script runs while it does.
'use strict'

const { spawn } = require('node:child_process')
const { optionalDependencies } = require('./package.json')

const platform = `@j2v/${process.platform}-${process.arch}`

function binary() {
  if (!(platform in optionalDependencies)) {
    throw new Error(`there is no binary for ${process.platform}-${process.arch}; the source is at @repository@`)
  }
  try {
    return require.resolve(`${platform}/${process.platform === 'win32' ? 'j2v.exe' : 'j2v'}`)
  } catch {
    throw new Error(
      `the package ${platform} is not installed\n` +
        'It is an optional dependency: run `npm install --include=optional` on this machine.\n' +
        'A node_modules folder that was copied from another platform lacks it, too.',
    )
  }
}

function run(program, parameters) {
  // Newer versions of Node.js become the program, so that its signals, its exit code and its terminal are its own.
  if (process.execve && process.platform !== 'win32') {
    process.execve(program, [program, ...parameters], process.env)
  }
  const child = spawn(program, parameters, { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both, and j2v decides how it ends. The other signals reach this process alone.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', stop)
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function stop(error) {
  console.error(`j2v: ${error.message}`)
  process.exit(1)
}

try {
  run(binary(), process.argv.slice(2))
} catch (error) {
  stop(error)
}
