// What the architecture rules want to know about a source file, read from its syntax tree.
import { posix } from 'node:path';
import ts from 'typescript';

/** A file of the project; `path` is relative to the project's root, with forward slashes. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** An import of any kind: static, `import type`, re-export, dynamic, `import('…').Type`, `require`. */
export interface ImportFact {
  readonly line: number;
  /** The module as it is written; undefined where it is computed and so cannot be judged. */
  readonly specifier: string | undefined;
  /** The file of the project that is imported; undefined for a package. */
  readonly target: string | undefined;
}

/** A member of Node's `process` that the file mentions, however it gets hold of it. */
export interface ProcessMemberFact {
  readonly line: number;
  readonly member: string;
}

/** The `member` of `process[name]`: it may be any. */
export const computed = '[computed]';

export interface SourceFacts {
  readonly path: string;
  readonly imports: readonly ImportFact[];
  readonly processMembers: readonly ProcessMemberFact[];
}

/** A place that breaks a rule. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
}

/** Comments and strings count for nothing: only what the program would execute or import. */
export function readFacts({ path, text }: SourceText): SourceFacts {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const imports: ImportFact[] = [];
  const processMembers: ProcessMemberFact[] = [];
  const visit = (node: ts.Node): void => {
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    const imported = importedModule(node);
    if (imported) imports.push({ line, ...resolveImport(path, imported.module) });
    for (const member of processMembersIn(node)) processMembers.push({ line, member });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path, imports, processMembers };
}

function resolveImport(importer: string, module: ts.Node | undefined): Omit<ImportFact, 'line'> {
  const specifier = module && ts.isStringLiteralLike(module) ? module.text : undefined;
  const isRelative = specifier !== undefined && /^\.\.?(\/|$)/.test(specifier);
  const target = isRelative ? posix.join(posix.dirname(importer), specifier) : undefined;
  return { specifier, target };
}

function importedModule(node: ts.Node): { readonly module: ts.Node | undefined } | undefined {
  if (ts.isImportDeclaration(node)) return { module: node.moduleSpecifier };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return { module: node.moduleSpecifier };
  if (ts.isExternalModuleReference(node)) return { module: node.expression };
  if (ts.isImportTypeNode(node)) {
    return { module: ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined };
  }
  if (ts.isCallExpression(node)) {
    const { expression, arguments: given } = node;
    const isImport = expression.kind === ts.SyntaxKind.ImportKeyword;
    if (isImport || isRequire(expression)) return { module: given[0] };
  }
  return undefined;
}

/** `require`, or what `createRequire(…)` gives when it is called at once. */
function isRequire(called: ts.Expression): boolean {
  if (ts.isIdentifier(called)) return called.text === 'require';
  return (
    ts.isCallExpression(called) &&
    ts.isIdentifier(called.expression) &&
    called.expression.text === 'createRequire'
  );
}

function processMembersIn(node: ts.Node): readonly string[] {
  if (ts.isPropertyAccessExpression(node) && isProcess(node.expression)) return [node.name.text];
  if (ts.isElementAccessExpression(node) && isProcess(node.expression)) {
    const { argumentExpression: name } = node;
    return [ts.isStringLiteralLike(name) ? name.text : computed];
  }
  if (ts.isVariableDeclaration(node) && node.initializer && isProcess(node.initializer)) {
    return ts.isObjectBindingPattern(node.name) ? node.name.elements.map(originalName) : [];
  }
  if (
    ts.isImportDeclaration(node) &&
    /^(node:)?process$/.test(textOf(node.moduleSpecifier) ?? '')
  ) {
    const bindings = node.importClause?.namedBindings;
    return bindings && ts.isNamedImports(bindings) ? bindings.elements.map(originalName) : [];
  }
  return [];
}

function isProcess(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return node.text === 'process';
  return ts.isPropertyAccessExpression(node) && node.name.text === 'process';
}

function originalName(node: ts.BindingElement | ts.ImportSpecifier): string {
  return textOf(node.propertyName) ?? textOf(node.name) ?? computed;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node && (ts.isStringLiteralLike(node) || ts.isIdentifier(node)) ? node.text : undefined;
}
