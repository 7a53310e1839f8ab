// What @jupyter/builder does not know: TypeScript is stripped of its types here. It is checked by `jlpm check`.
module.exports = {
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } },
        type: 'javascript/auto'
      }
    ]
  },
  resolve: { extensions: ['.ts', '.js'] }
};
