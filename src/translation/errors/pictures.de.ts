/** Pictures that cannot be read: the errors' English, with its places, and their German. */
export const pictures: Readonly<Record<string, string>> = {
  'has a side of more than {0} pixels': 'hat eine Seite von mehr als {0} Pixeln',
  'there is no such file': 'Es gibt keine solche Datei',
  'the file may not be read': 'Die Datei darf nicht gelesen werden',
  'has more than {0} million pixels': 'hat mehr als {0} Millionen Pixel',
  'the picture is cut short': 'Das Bild ist abgeschnitten',
  'not a picture that can be read': 'kein Bild, das sich lesen lässt',
  'the picture is damaged ({0})': 'Das Bild ist beschädigt ({0})',
  'a side of more than {0} pixels': 'eine Seite von mehr als {0} Pixeln',
};
