/** Files of models that are all called so: which model it is, their folder says. */
const JSON_MODEL = 'model.json';
const SAVED_MODEL = 'saved_model.pb';

const parts = (file: string): string[] => file.split(/[\\/]/).filter(Boolean);

/** What a model is called: its file's name; a `model.json` has its folder's too, a SavedModel only that, since all are called so. */
export function modelName(file: string): string {
  const [folder = '', name = file] = ['', ...parts(file)].slice(-2);
  if (folder === '') return name;
  if (name === SAVED_MODEL) return folder;
  return name === JSON_MODEL ? `${folder}/${name}` : name;
}

/** The name of a model without what is the same for all: for folders and files that are called after it. */
export function modelStem(file: string): string {
  const [folder = '', name = file] = ['', ...parts(file)].slice(-2);
  if (folder !== '' && (name === JSON_MODEL || name === SAVED_MODEL)) return folder;
  return name.replace(/(?<=.)\.[^.]*$/, '');
}
