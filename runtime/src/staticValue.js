/**
 * What a piece of JavaScript would come to, found without running it: a small interpreter of ESTree that knows constants,
 * functions of the file itself and the few builtins it is given. It reaches nothing of this process: no prototype, no
 * global, no module. What it does not know is `Unknown`, and so is what is made of it.
 *
 * Its objects have no prototype, so `__proto__` and `constructor` are keys like others.
 */
import { binary, Builtin, isPrimitive, isRecord, markPartial, PARTIAL, record, regexOf, textOf, UNKNOWN, Unknown } from './staticKinds.js'
import { method } from './staticMethods.js'

/** A config of 300 lines takes 2,000; a loop that never ends takes all of them. */
const STEPS = 100_000
/** Nested evaluations. Node's stack holds some 2,000. */
const DEPTH = 250

/** The code is not one that can be read this way; the message says why. */
export class Unevaluable extends Error {}
/** The code's own `throw`. */
class Thrown extends Unevaluable {}

/** `a?.b.c` ends where `a` is nothing. */
const CHAIN_END = Symbol('chain end')

class Closure {
  /** @param {any} node @param {Scope} scope */
  constructor(node, scope) {
    this.node = node
    this.scope = scope
  }
}

/** @param {any} value */
export const isCallable = (value) => value instanceof Closure || value instanceof Builtin

class Scope {
  /** @param {Scope|null} parent */
  constructor(parent) {
    this.parent = parent
    /** @type {Map<string, any>} */
    this.values = new Map()
  }

  /** @param {string} name @returns {Scope|null} where it is declared */
  owner(name) {
    /** @type {Scope|null} */
    let scope = this
    while (scope !== null && !scope.values.has(name)) scope = scope.parent
    return scope
  }
}

/** How a statement ended other than by its end. @typedef {{type: 'return'|'break'|'continue', value?: any}} Jump */

export class Interpreter {
  /**
   * @param {Record<string, any>} globals
   * @param {(specifier: string, importer: string, interpreter: Interpreter) => any} load the namespace of a module
   */
  constructor(globals, load) {
    this.globals = new Scope(null)
    this.load = load
    this.steps = 0
    this.depth = 0
    /** Above 0: it is not known whether this code runs, so what it assigns becomes unknown. */
    this.doubt = 0
    for (const [name, value] of Object.entries(globals)) this.globals.values.set(name, value)
  }

  /** @param {number} steps @throws {Unevaluable} */
  charge(steps) {
    this.steps += steps
    if (this.steps > STEPS) throw new Unevaluable('takes too long to read')
  }

  /**
   * @param {any} program @param {string} file as the code sees it @param {Record<string, any>} locals
   * @returns {Record<string, any>} the module's namespace; of CommonJS `default` is `module.exports`
   * @throws {Unevaluable}
   */
  module(program, file, locals) {
    const scope = new Scope(this.globals)
    const module = record({ exports: record() })
    for (const [name, value] of Object.entries({ ...locals, module, exports: module.exports })) scope.values.set(name, value)
    const exported = record()
    this.#hoist(program.body, scope)
    for (const statement of program.body) this.#topLevel(statement, scope, exported, file)
    if (Object.keys(exported).length > 0) return exported
    const own = module.exports
    return isRecord(own) ? record({ ...own, default: 'default' in own ? own.default : own }) : record({ default: own })
  }

  /** @param {any} node @returns {any} @throws {Unevaluable} */
  expression(node) {
    return this.#evaluate(node, this.globals)
  }

  /** @param {any} callee @param {any[]} args @returns {any} */
  call(callee, args) {
    this.charge(1)
    if (callee instanceof Builtin) return callee.call(args, this)
    if (!(callee instanceof Closure)) return UNKNOWN
    const { node } = callee
    if (node.generator) return UNKNOWN
    const scope = new Scope(callee.scope)
    return this.#nested(() => {
      this.#bindParams(node.params, args, scope)
      if (node.body.type !== 'BlockStatement') return this.#evaluate(node.body, scope)
      return this.#block(node.body.body, scope)?.value
    })
  }

  /** @template T @param {() => T} work @returns {T} */
  #nested(work) {
    this.depth += 1
    if (this.depth > DEPTH) throw new Unevaluable('is nested too deeply')
    try {
      return work()
    } finally {
      this.depth -= 1
    }
  }

  // --- modules ---

  /** @param {any} statement @param {Scope} scope @param {Record<string, any>} exported @param {string} file */
  #topLevel(statement, scope, exported, file) {
    switch (statement.type) {
      case 'ImportDeclaration': return this.#import(statement, scope, file)
      case 'ExportDefaultDeclaration':
        exported.default = this.#exportedDefault(statement.declaration, scope)
        return undefined
      case 'ExportNamedDeclaration': return this.#exportNamed(statement, scope, exported, file)
      case 'ExportAllDeclaration': {
        const from = this.load(statement.source.value, file, this)
        if (isRecord(from)) for (const key of Object.keys(from)) if (key !== 'default') exported[key] = from[key]
        return undefined
      }
      default: return this.#statement(statement, scope)
    }
  }

  /** @param {any} declaration @param {Scope} scope */
  #exportedDefault(declaration, scope) {
    if (declaration.type === 'FunctionDeclaration') return new Closure(declaration, scope)
    return declaration.type === 'ClassDeclaration' ? UNKNOWN : this.#evaluate(declaration, scope)
  }

  /** @param {any} statement @param {Scope} scope @param {string} file */
  #import(statement, scope, file) {
    const namespace = this.load(statement.source.value, file, this)
    for (const specifier of statement.specifiers) {
      const whole = specifier.type === 'ImportNamespaceSpecifier'
      const name = specifier.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(specifier.imported)
      scope.values.set(specifier.local.name, whole ? namespace : this.read(namespace, name))
    }
  }

  /** @param {any} statement @param {Scope} scope @param {Record<string, any>} exported @param {string} file */
  #exportNamed(statement, scope, exported, file) {
    if (statement.declaration) {
      this.#statement(statement.declaration, scope)
      for (const name of declaredNames(statement.declaration)) exported[name] = scope.values.get(name)
    }
    const from = statement.source ? this.load(statement.source.value, file, this) : null
    for (const { local, exported: as } of statement.specifiers) {
      if (local) exported[nameOf(as)] = from === null ? this.#lookup(local.name, scope) : this.read(from, nameOf(local))
    }
  }

  // --- statements ---

  /** Functions may be called before their place. @param {any[]} statements @param {Scope} scope */
  #hoist(statements, scope) {
    for (const statement of statements) {
      const node = statement.type.startsWith('Export') ? statement.declaration : statement
      if (node?.type === 'FunctionDeclaration' && node.id) scope.values.set(node.id.name, new Closure(node, scope))
    }
  }

  /** @param {any[]} statements @param {Scope} scope @returns {Jump|undefined} */
  #block(statements, scope) {
    this.#hoist(statements, scope)
    for (const statement of statements) {
      const jump = this.#statement(statement, scope)
      // In code that may not run a jump may not happen: what follows counts as well.
      if (jump && this.doubt === 0) return jump
    }
    return undefined
  }

  /** @param {any} node @param {Scope} scope @returns {Jump|undefined} */
  #statement(node, scope) {
    this.charge(1)
    return this.#nested(() => this.#execute(node, scope))
  }

  /** @param {any} node @param {Scope} scope @returns {Jump|undefined} */
  #execute(node, scope) {
    switch (node.type) {
      case 'VariableDeclaration':
        for (const { id, init } of node.declarations) this.#bind(id, init ? this.#evaluate(init, scope) : undefined, scope)
        return undefined
      case 'ExpressionStatement':
        this.#evaluate(node.expression, scope)
        return undefined
      case 'ReturnStatement': return { type: 'return', value: node.argument ? this.#evaluate(node.argument, scope) : undefined }
      case 'BreakStatement': return { type: 'break' }
      case 'ContinueStatement': return { type: 'continue' }
      case 'BlockStatement': return this.#block(node.body, new Scope(scope))
      case 'IfStatement': return this.#if(node, scope)
      case 'SwitchStatement': return this.#switch(node, scope)
      case 'ForOfStatement': return this.#forOf(node, scope)
      case 'TryStatement': return this.#try(node, scope)
      case 'ThrowStatement':
        if (this.doubt > 0) return undefined
        throw new Thrown('throws an error')
      case 'FunctionDeclaration': case 'EmptyStatement': return undefined
      default: return this.#doubtful(() => this.#uncertain(node, scope))
    }
  }

  /** @param {any} node @param {Scope} scope @returns {Jump|undefined} */
  #if(node, scope) {
    const test = this.#evaluate(node.test, scope)
    if (test instanceof Unknown) {
      return this.#doubtful(() => [node.consequent, node.alternate].forEach((branch) => branch && this.#statement(branch, scope)))
    }
    const taken = test ? node.consequent : node.alternate
    return taken ? this.#statement(taken, scope) : undefined
  }

  /** @param {any} node @param {Scope} scope @returns {Jump|undefined} */
  #switch(node, scope) {
    const value = this.#evaluate(node.discriminant, scope)
    const inner = new Scope(scope)
    if (!isPrimitive(value)) return this.#doubtful(() => node.cases.forEach((/** @type {any} */ c) => this.#block(c.consequent, inner)))
    let from = node.cases.findIndex((/** @type {any} */ c) => c.test && this.#evaluate(c.test, scope) === value)
    if (from < 0) from = node.cases.findIndex((/** @type {any} */ c) => !c.test)
    if (from < 0) return undefined
    const jump = this.#block(node.cases.slice(from).flatMap((/** @type {any} */ c) => c.consequent), inner)
    return jump?.type === 'break' ? undefined : jump
  }

  /** @param {any} node @param {Scope} scope @returns {Jump|undefined} */
  #forOf(node, scope) {
    const list = this.#evaluate(node.right, scope)
    if (!Array.isArray(list)) return this.#doubtful(() => this.#uncertain(node, scope))
    for (const item of list) {
      const inner = new Scope(scope)
      if (node.left.type === 'VariableDeclaration') this.#bind(node.left.declarations[0].id, item, inner)
      else this.#assign(node.left, item, inner)
      const jump = this.#statement(node.body, inner)
      if (jump?.type === 'break') break
      if (jump?.type === 'return') return jump
    }
    return undefined
  }

  /** @param {any} node @param {Scope} scope @returns {Jump|undefined} */
  #try(node, scope) {
    const jump = this.#guarded(node, scope)
    return (node.finalizer && this.#statement(node.finalizer, scope)) ?? jump
  }

  /** @param {any} node @param {Scope} scope @returns {Jump|undefined} */
  #guarded(node, scope) {
    try {
      return this.#statement(node.block, scope)
    } catch (error) {
      if (!(error instanceof Thrown) || !node.handler) throw error
      const inner = new Scope(scope)
      if (node.handler.param) this.#bind(node.handler.param, UNKNOWN, inner)
      return this.#statement(node.handler.body, inner)
    }
  }

  /** What a loop or anything else that is not followed may assign. @param {any} node @param {Scope} scope */
  #uncertain(node, scope) {
    const inner = new Scope(scope)
    if (node.left?.type === 'VariableDeclaration') this.#bind(node.left.declarations[0].id, UNKNOWN, inner)
    if (node.init) this.#statement(node.init.type === 'VariableDeclaration' ? node.init : { type: 'ExpressionStatement', expression: node.init }, inner)
    if (node.body?.type) this.#statement(node.body, inner)
  }

  /** @param {() => void} work @returns {undefined} */
  #doubtful(work) {
    this.doubt += 1
    try {
      work()
    } finally {
      this.doubt -= 1
    }
  }

  // --- names ---

  /** @param {any[]} params @param {any[]} args @param {Scope} scope */
  #bindParams(params, args, scope) {
    params.forEach((param, i) => {
      if (param.type === 'RestElement') this.#bind(param.argument, args.slice(i), scope)
      else this.#bind(param, args[i], scope)
    })
  }

  /** @param {any} pattern @param {any} value @param {Scope} scope */
  #bind(pattern, value, scope) {
    this.charge(1)
    switch (pattern.type) {
      case 'Identifier':
        scope.values.set(pattern.name, value)
        return
      case 'AssignmentPattern':
        this.#bind(pattern.left, value === undefined ? this.#evaluate(pattern.right, scope) : value, scope)
        return
      case 'ArrayPattern':
        pattern.elements.forEach((/** @type {any} */ element, /** @type {number} */ i) => {
          if (element?.type === 'RestElement') this.#bind(element.argument, Array.isArray(value) ? value.slice(i) : UNKNOWN, scope)
          else if (element) this.#bind(element, this.read(value, String(i)), scope)
        })
        return
      case 'ObjectPattern': return this.#bindObject(pattern, value, scope)
      default: throw new Unevaluable('uses an assignment that cannot be read')
    }
  }

  /** @param {any} pattern @param {any} value @param {Scope} scope */
  #bindObject(pattern, value, scope) {
    const taken = new Set()
    for (const property of pattern.properties) {
      if (property.type === 'RestElement') {
        const rest = isRecord(value) ? record(value) : UNKNOWN
        this.charge(isRecord(value) ? Object.keys(value).length : 0)
        if (isRecord(rest)) taken.forEach((key) => delete (/** @type {any} */ (rest))[key])
        this.#bind(property.argument, rest, scope)
        continue
      }
      const key = this.#key(property, scope)
      taken.add(key)
      this.#bind(property.value, key === null ? UNKNOWN : this.read(value, key), scope)
    }
  }

  /** @param {string} name @param {Scope} scope */
  #lookup(name, scope) {
    if (name === 'undefined') return undefined
    const owner = scope.owner(name)
    return owner === null ? UNKNOWN : owner.values.get(name)
  }

  /** @param {any} target @param {any} given @param {Scope} scope */
  #assign(target, given, scope) {
    const value = this.doubt > 0 ? UNKNOWN : given
    if (target.type === 'Identifier') {
      (scope.owner(target.name) ?? this.globals).values.set(target.name, value)
      return
    }
    if (target.type !== 'MemberExpression') return this.#bind(target, value, scope)
    const object = this.#evaluate(target.object, scope)
    const key = this.#memberKey(target, scope)
    if (isRecord(object) && !Object.isFrozen(object)) {
      if (key === null) markPartial(object)
      else object[key] = value
    } else if (Array.isArray(object) && key !== null && /^\d+$/.test(key) && Number(key) <= object.length) object[Number(key)] = value
  }

  // --- expressions ---

  /** @param {any} node @param {Scope} scope @returns {any} */
  #evaluate(node, scope) {
    this.charge(1)
    return this.#nested(() => this.#value(node, scope))
  }

  /** @param {any} node @param {Scope} scope @returns {any} */
  #value(node, scope) {
    switch (node.type) {
      case 'Literal': return node.regex ? regexOf(node.regex) : node.value
      case 'Identifier': return this.#lookup(node.name, scope)
      case 'TemplateLiteral': return this.#template(node, scope)
      case 'ObjectExpression': return this.#object(node, scope)
      case 'ArrayExpression': return this.#list(node.elements, scope)
      case 'ArrowFunctionExpression': case 'FunctionExpression': return new Closure(node, scope)
      case 'ChainExpression': return this.#chain(node, scope)
      case 'AwaitExpression': return this.#evaluate(node.argument, scope)
      case 'MemberExpression': return this.#member(node, scope)
      case 'MetaProperty': return this.#lookup('import.meta', scope)
      case 'CallExpression': return this.#callExpression(node, scope)
      case 'NewExpression': return this.#new(node, scope)
      case 'ImportExpression': return UNKNOWN
      case 'ConditionalExpression': return this.#conditional(node, scope)
      case 'LogicalExpression': return this.#logical(node, scope)
      case 'BinaryExpression': return binary(node.operator, this.#evaluate(node.left, scope), this.#evaluate(node.right, scope))
      case 'UnaryExpression': return this.#unary(node, scope)
      case 'AssignmentExpression': return this.#assignment(node, scope)
      case 'UpdateExpression':
        this.#assign(node.argument, UNKNOWN, scope)
        return UNKNOWN
      case 'SequenceExpression': return node.expressions.map((/** @type {any} */ e) => this.#evaluate(e, scope)).at(-1)
      default: return UNKNOWN
    }
  }

  /** @param {any} node @param {Scope} scope */
  #chain(node, scope) {
    try {
      return this.#evaluate(node.expression, scope)
    } catch (error) {
      if (error !== CHAIN_END) throw error
      return undefined
    }
  }

  /** @param {any} node @param {Scope} scope */
  #template(node, scope) {
    let text = node.quasis[0].value.cooked
    for (const [i, expression] of node.expressions.entries()) {
      text = binary('+', binary('+', text, textOf(this.#evaluate(expression, scope))), node.quasis[i + 1].value.cooked)
    }
    return text
  }

  /** @param {any} node @param {Scope} scope */
  #object(node, scope) {
    const made = record()
    for (const property of node.properties) {
      if (property.type === 'SpreadElement') {
        this.#spread(made, this.#evaluate(property.argument, scope))
        continue
      }
      const key = property.kind === 'init' ? this.#key(property, scope) : null
      const value = this.#evaluate(property.value, scope)
      if (key === null) markPartial(made)
      else made[key] = value
    }
    return made
  }

  /** @param {any} into @param {any} value */
  #spread(into, value) {
    if (isRecord(value)) {
      this.charge(Object.keys(value).length)
      Object.assign(into, value)
    } else if (!isPrimitive(value)) markPartial(into)
  }

  /** @param {any[]} elements @param {Scope} scope @returns {any[]} */
  #list(elements, scope) {
    const made = []
    for (const element of elements) {
      if (element?.type !== 'SpreadElement') {
        made.push(element ? this.#evaluate(element, scope) : undefined)
        continue
      }
      const value = this.#evaluate(element.argument, scope)
      if (Array.isArray(value)) for (const item of value) made.push(item)
      else made.push(UNKNOWN)
      this.charge(made.length)
    }
    return made
  }

  /** @param {any} node @param {Scope} scope @returns {string|null} null: unknown */
  #key(node, scope) {
    if (!node.computed) return nameOf(node.key)
    const key = this.#evaluate(node.key, scope)
    return typeof key === 'string' || typeof key === 'number' ? String(key) : null
  }

  /** @param {any} node @param {Scope} scope @returns {string|null} null: unknown */
  #memberKey(node, scope) {
    return node.property.type === 'PrivateName' ? null : this.#key({ computed: node.computed, key: node.property }, scope)
  }

  /** @param {any} node @param {Scope} scope */
  #member(node, scope) {
    const object = this.#evaluate(node.object, scope)
    const key = this.#memberKey(node, scope)
    if (node.optional && (object === undefined || object === null)) throw CHAIN_END
    return key === null ? UNKNOWN : this.read(object, key)
  }

  /** A property; of the values that are not ours only what is listed. @param {any} object @param {string} key @returns {any} */
  read(object, key) {
    if (isRecord(object)) return Object.hasOwn(object, key) ? object[key] : (PARTIAL in object ? UNKNOWN : undefined)
    if (object instanceof Builtin) return this.read(object.members, key)
    if (Array.isArray(object) || typeof object === 'string') {
      if (key === 'length') return object.length
      if (/^\d+$/.test(key)) return object[Number(key)]
    }
    if (object instanceof URL && (key === 'pathname' || key === 'href')) return object[key]
    return UNKNOWN
  }

  /** @param {any} node @param {Scope} scope */
  #callExpression(node, scope) {
    if (node.callee.type !== 'MemberExpression') {
      const callee = this.#evaluate(node.callee, scope)
      if (node.optional && (callee === undefined || callee === null)) throw CHAIN_END
      return this.call(callee, this.#list(node.arguments, scope))
    }
    const object = this.#evaluate(node.callee.object, scope)
    if (node.callee.optional && (object === undefined || object === null)) throw CHAIN_END
    const key = this.#memberKey(node.callee, scope)
    const args = this.#list(node.arguments, scope)
    if (key === null) return UNKNOWN
    const own = this.read(object, key)
    if (node.optional && (own === undefined || own === null)) throw CHAIN_END
    return isCallable(own) ? this.call(own, args) : method(this, object, key, args)
  }

  /** @param {any} node @param {Scope} scope */
  #new(node, scope) {
    const callee = this.#evaluate(node.callee, scope)
    const create = callee instanceof Builtin ? callee.members.new : UNKNOWN
    return this.call(create, this.#list(node.arguments, scope))
  }

  /** @param {any} node @param {Scope} scope */
  #conditional(node, scope) {
    const test = this.#evaluate(node.test, scope)
    if (test instanceof Unknown) return UNKNOWN
    return this.#evaluate(test ? node.consequent : node.alternate, scope)
  }

  /** @param {any} node @param {Scope} scope */
  #logical(node, scope) {
    const left = this.#evaluate(node.left, scope)
    if (left instanceof Unknown) return UNKNOWN
    const enough = node.operator === '||' ? left : node.operator === '&&' ? !left : left !== undefined && left !== null
    return enough ? left : this.#evaluate(node.right, scope)
  }

  /** @param {any} node @param {Scope} scope */
  #unary(node, scope) {
    if (node.operator === 'delete') {
      if (node.argument.type === 'MemberExpression') this.#assign(node.argument, undefined, scope)
      return true
    }
    if (node.operator === 'typeof' && node.argument.type === 'Identifier' && scope.owner(node.argument.name) === null) return UNKNOWN
    const value = this.#evaluate(node.argument, scope)
    if (node.operator === 'void') return undefined
    if (value instanceof Unknown) return UNKNOWN
    if (node.operator === '!') return !value
    if (node.operator === 'typeof') return isCallable(value) ? 'function' : typeof value
    if (!isPrimitive(value) || typeof value === 'bigint') return UNKNOWN
    if (node.operator === '-') return -(/** @type {any} */ (value))
    return node.operator === '+' ? Number(value) : UNKNOWN
  }

  /** @param {any} node @param {Scope} scope */
  #assignment(node, scope) {
    const operator = node.operator.slice(0, -1)
    /** @type {any} */
    let value
    if (operator === '') value = this.#evaluate(node.right, scope)
    else if (['||', '&&', '??'].includes(operator)) value = this.#logical({ operator, left: node.left, right: node.right }, scope)
    else value = binary(operator, this.#evaluate(node.left, scope), this.#evaluate(node.right, scope))
    this.#assign(node.left, value, scope)
    return value
  }
}

/** @param {any} node identifier or literal @returns {string} */
function nameOf(node) {
  return node.type === 'Identifier' ? node.name : String(node.value)
}

/** @param {any} declaration @returns {string[]} */
function declaredNames(declaration) {
  if (declaration.type !== 'VariableDeclaration') return declaration.id ? [declaration.id.name] : []
  return declaration.declarations.flatMap((/** @type {any} */ d) => (d.id.type === 'Identifier' ? [d.id.name] : []))
}
