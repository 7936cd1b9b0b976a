import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');
const ownSources = `${root}/src/`;

/** Classes whose message a user reads, as that of every class that extends them. */
const shown = new Set(['UserError', 'WorkerGoneError']);
/** Whose errors VS Code does not show, or says in the user's language itself (`vscode.l10n.t`); what it tells an assistant is English. */
const elsewhere = /^src\/(cli|extension)[./]/;

/** Methods of arrays and strings whose answer is what a function that they are given makes. */
const makers = new Set(['map', 'flatMap', 'from']);

/** A text of the source with its places as `{0}`, `{1}` …, and where it stands: `src/engine/dataset.ts:59`. */
export interface ErrorText {
  text: string;
  at: string;
}

/**
 * Every text with a word in it that can become the message of an error that a user reads, or a part of one: what the constructors
 * of such errors are given, followed back through variables, parameters, conditions, tables, what functions return, and the
 * messages of errors that were caught. Names (of attributes, options, files) come along where they are given for a place.
 */
export function errorTexts(): ErrorText[] {
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config.config as object, include: ['src'] }, ts.sys, root);
  return new Tracer(ts.createProgram(fileNames, options)).texts();
}

class Tracer {
  readonly #checker: ts.TypeChecker;
  readonly #sources: readonly ts.SourceFile[];
  /** Calls and constructions by the last name of what is called. */
  readonly #calls = new Map<string, (ts.CallExpression | ts.NewExpression)[]>();
  /** Values that object literals give to properties, by the property's name. */
  readonly #given = new Map<string, (ts.PropertyAssignment | ts.ShorthandPropertyAssignment)[]>();
  readonly #found = new Map<string, ErrorText>();
  readonly #followed = new Set<ts.Expression>();
  /** Declarations whose values, or whose bodies, were looked at. */
  readonly #opened = new Set<ts.Node>();

  constructor(program: ts.Program) {
    this.#checker = program.getTypeChecker();
    this.#sources = program.getSourceFiles().filter(isOwn);
  }

  texts(): ErrorText[] {
    const open: ts.Expression[] = [];
    for (const source of this.#sources) {
      walk(source, (node) => {
        this.#index(node);
        if (!elsewhere.test(placeOf(source))) open.push(...this.#messages(node));
      });
    }
    for (let node = open.pop(); node; node = open.pop()) {
      if (this.#followed.has(node)) continue;
      this.#followed.add(node);
      this.#keep(node);
      open.push(...this.#behind(node));
    }
    return [...this.#found.values()].sort((a, b) => a.at.localeCompare(b.at, 'en', { numeric: true }));
  }

  #index(node: ts.Node): void {
    const name = (ts.isCallExpression(node) || ts.isNewExpression(node)) ? lastName(node.expression) : undefined;
    if (name !== undefined) added(this.#calls, name, node as ts.CallExpression);
    if ((ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) && ts.isIdentifier(node.name)) added(this.#given, node.name.text, node);
  }

  /** The message, where a node makes an error that is shown. */
  #messages(node: ts.Node): ts.Expression[] {
    if (ts.isNewExpression(node) && this.#isShown(this.#checker.getTypeAtLocation(node))) {
      // A class with a constructor of its own gives the message to `super`.
      const declaration = this.#checker.getResolvedSignature(node)?.declaration;
      return declaration && isOwn(declaration) ? [] : node.arguments?.slice(0, 1) ?? [];
    }
    const owner = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword && ts.findAncestor(node, ts.isClassDeclaration);
    return owner && this.#isShown(this.#checker.getTypeAtLocation(owner)) ? node.arguments.slice(0, 1) : [];
  }

  #isShown(type: ts.Type): boolean {
    return shown.has(type.getSymbol()?.name ?? '') || (type.isClass() && this.#checker.getBaseTypes(type).some((base) => this.#isShown(base)));
  }

  #keep(node: ts.Expression): void {
    const at = placeOf(node);
    const text = ts.isStringLiteralLike(node) ? node.text
      : ts.isTemplateExpression(node) ? node.head.text + node.templateSpans.map(({ literal }, index) => `{${index}}${literal.text}`).join('') : '';
    if (/\p{L}{2}/u.test(text) && !elsewhere.test(at) && !this.#found.has(text)) this.#found.set(text, { text, at });
  }

  /** The expressions that a text comes from; none where it does not come from texts of this program. */
  #behind(node: ts.Expression): readonly ts.Expression[] {
    if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression);
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node) || ts.isAwaitExpression(node) || ts.isSatisfiesExpression(node) || ts.isSpreadElement(node)) return [node.expression];
    if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse];
    if (ts.isBinaryExpression(node)) return [node.left, node.right];
    if (this.#isNoText(node)) return [];
    if (ts.isArrayLiteralExpression(node)) return node.elements;
    if (ts.isObjectLiteralExpression(node)) return node.properties.flatMap((property) => ts.isPropertyAssignment(property) ? property.initializer : []);
    if (ts.isIdentifier(node)) return this.#givenTo(this.#symbolAt(node));
    if (ts.isPropertyAccessExpression(node)) return [...node.name.text === 'message' ? this.#thrown(node.expression) : [], ...this.#givenTo(this.#symbolAt(node.name))];
    if (ts.isElementAccessExpression(node)) return [node.expression];
    if (ts.isCallExpression(node)) return this.#answers(node);
    return ts.isArrowFunction(node) ? this.#returns(node) : [];
  }

  #isNoText(node: ts.Expression): boolean {
    const none = ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.BigIntLike | ts.TypeFlags.Null | ts.TypeFlags.Undefined;
    const type = this.#checker.getTypeAtLocation(node);
    return (type.isUnion() ? type.types : [type]).every((each) => (each.flags & none) !== 0);
  }

  /** What a call answers: what an own function returns; of a method of a string or an array, what it is called on or makes. */
  #answers(node: ts.CallExpression): readonly ts.Expression[] {
    const declaration = this.#checker.getResolvedSignature(node)?.declaration;
    if (declaration && isOwn(declaration)) return this.#returns(declaration);
    if (!ts.isPropertyAccessExpression(node.expression)) return [];
    const makes = node.arguments.filter(ts.isArrowFunction);
    return makers.has(node.expression.name.text) ? makes : [node.expression.expression, ...node.expression.name.text === 'replace' ? makes : []];
  }

  #returns(declaration: ts.Node): ts.Expression[] {
    const { body } = declaration as ts.FunctionLikeDeclaration;
    if (!body || !this.#isNew(declaration)) return [];
    if (!ts.isBlock(body)) return [body];
    const returned: ts.Expression[] = [];
    walk(body, (node) => {
      if (ts.isReturnStatement(node) && node.expression) returned.push(node.expression);
    }, ts.isFunctionLike);
    return returned;
  }

  /** What a variable, a parameter or a property is given. */
  #givenTo(symbol: ts.Symbol | undefined): ts.Expression[] {
    return (symbol?.declarations ?? []).filter(isOwn).flatMap((declaration): readonly ts.Expression[] => {
      if (!this.#isNew(declaration)) return [];
      if (ts.isParameter(declaration)) return this.#argumentsFor(declaration);
      if (ts.isVariableDeclaration(declaration)) return valueOf(declaration);
      if (ts.isBindingElement(declaration)) return this.#boundTo(declaration);
      if (ts.isPropertyAssignment(declaration)) return [declaration.initializer];
      if (ts.isPropertyDeclaration(declaration) || ts.isPropertySignature(declaration)) return this.#propertyValues(symbol!, declaration);
      return ts.isGetAccessor(declaration) ? this.#returns(declaration) : [];
    });
  }

  /** What callers give for a parameter, those too who call by an interface. */
  #argumentsFor(parameter: ts.ParameterDeclaration): ts.Expression[] {
    const owner = parameter.parent;
    const index = owner.parameters.indexOf(parameter);
    const name = ts.isConstructorDeclaration(owner) ? owner.parent.name?.text : nameOf(owner);
    const calls = (this.#calls.get(name ?? '') ?? []).filter((call) => {
      const called = this.#checker.getResolvedSignature(call)?.declaration;
      return called === undefined || called === owner || ts.isMethodSignature(called) || ts.isFunctionTypeNode(called);
    });
    return [...parameter.initializer ? [parameter.initializer] : [], ...calls.flatMap((call) => call.arguments?.slice(index, parameter.dotDotDotToken ? undefined : index + 1) ?? [])];
  }

  #boundTo(element: ts.BindingElement): ts.Expression[] {
    const pattern = element.parent;
    if (ts.isArrayBindingPattern(pattern)) return ts.isVariableDeclaration(pattern.parent) ? valueOf(pattern.parent) : [];
    return this.#givenTo(this.#checker.getTypeAtLocation(pattern).getProperty((element.propertyName ?? element.name).getText()));
  }

  /** Values that a class and object literals give to a property. */
  #propertyValues(symbol: ts.Symbol, declaration: ts.PropertyDeclaration | ts.PropertySignature): ts.Expression[] {
    const own = ts.isPropertyDeclaration(declaration) && declaration.initializer ? [declaration.initializer] : [];
    return [...own, ...(this.#given.get(symbol.name) ?? []).flatMap((given) => {
      const type = this.#checker.getContextualType(given.parent);
      const properties = (type?.isUnion() ? type.types : type ? [type] : []).map((each) => each.getProperty(symbol.name));
      if (!properties.some((property) => property?.declarations?.includes(declaration))) return [];
      return ts.isPropertyAssignment(given) ? [given.initializer] : this.#givenTo(this.#checker.getShorthandAssignmentValueSymbol(given));
    })];
  }

  /** Messages of what is thrown where a caught error may come from: in what was tried, and in the functions that it calls. */
  #thrown(error: ts.Expression): ts.Expression[] {
    const name = ts.isParenthesizedExpression(error) && ts.isAsExpression(error.expression) ? error.expression.expression : error;
    const caught = this.#symbolAt(name)?.declarations?.[0];
    const clause = caught && ts.findAncestor(caught, ts.isCatchClause);
    const messages: ts.Expression[] = [];
    const within = new Set<ts.Node>();
    const look = (tried: ts.Node): void => {
      if (within.has(tried)) return;
      within.add(tried);
      walk(tried, (node) => {
        if (ts.isThrowStatement(node) && ts.isNewExpression(node.expression)) messages.push(...node.expression.arguments?.slice(0, 1) ?? []);
        const called = ts.isCallExpression(node) && this.#checker.getResolvedSignature(node)?.declaration;
        if (called && isOwn(called)) look(called);
      });
    };
    if (clause) look(clause.parent.tryBlock);
    return messages;
  }

  #symbolAt(node: ts.Node): ts.Symbol | undefined {
    const symbol = this.#checker.getSymbolAtLocation(node);
    return symbol && symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #isNew(node: ts.Node): boolean {
    return !this.#opened.has(node) && this.#opened.add(node).has(node);
  }
}

function walk(node: ts.Node, visit: (node: ts.Node) => void, stops: (node: ts.Node) => boolean = () => false): void {
  ts.forEachChild(node, (child) => {
    visit(child);
    if (!stops(child)) walk(child, visit, stops);
  });
}

function added<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}

/** What a variable is declared with: its value, or what a loop goes over. */
function valueOf({ initializer, parent }: ts.VariableDeclaration): ts.Expression[] {
  if (initializer) return [initializer];
  return ts.isForOfStatement(parent.parent) ? [parent.parent.expression] : [];
}

function lastName(node: ts.Expression): string | undefined {
  return ts.isIdentifier(node) ? node.text : ts.isPropertyAccessExpression(node) ? node.name.text : undefined;
}

/** A function's own name, or that of the variable or property that holds it. */
function nameOf({ name, parent }: ts.SignatureDeclaration): string | undefined {
  return (name ?? (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent) ? parent.name : undefined))?.getText();
}

function isOwn(node: ts.Node): boolean {
  const { fileName } = node.getSourceFile();
  return fileName.startsWith(ownSources) && !fileName.endsWith('_pb.ts');
}

function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  return `${path.relative(root, source.fileName)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}
